package io.nettoolkit.verification;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Conditions on what callers see of a type: its public and protected methods and constructors. */
final class ApiSignatures {

    private ApiSignatures() {}

    /** Every type that appears in a signature, type arguments included, satisfies {@code allowed}. */
    static ArchCondition<JavaClass> show(String description, Predicate<JavaClass> allowed) {
        return new ArchCondition<>("show " + description) {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                visible(type)
                        .filter(unit -> !inheritsSignature(unit))
                        .forEach(unit -> Stream.concat(
                                        Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
                                .flatMap(shown -> shown.getAllInvolvedRawTypes().stream())
                                .filter(allowed.negate())
                                .forEach(shown -> events.add(SimpleConditionEvent.violated(
                                        unit, unit.getFullName() + " shows " + shown.getName()))));
            }
        };
    }

    /** No method takes a {@code boolean}: at the call one cannot see what {@code true} means. */
    static ArchCondition<JavaClass> takeNoBooleans() {
        return new ArchCondition<>("take no booleans") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                visible(type)
                        .filter(unit -> !inheritsSignature(unit))
                        .filter(unit -> unit.getRawParameterTypes().stream()
                                .anyMatch(shown -> shown.isEquivalentTo(boolean.class)))
                        .forEach(unit -> events.add(
                                SimpleConditionEvent.violated(unit, unit.getFullName() + " takes a boolean")));
            }
        };
    }

    /** Public itself and within public types all the way out. */
    static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(ApiSignatures::isPublic).orElse(true);
    }

    private static Stream<JavaCodeUnit> visible(JavaClass type) {
        return type.getCodeUnits().stream()
                .filter(unit -> !unit.getModifiers().contains(JavaModifier.SYNTHETIC))
                .filter(unit -> unit.getModifiers().contains(JavaModifier.PUBLIC)
                        || unit.getModifiers().contains(JavaModifier.PROTECTED));
    }

    /** The method overrides one of another library, which decided its shape: a handler's {@code write} has a promise. */
    private static boolean inheritsSignature(JavaCodeUnit unit) {
        return unit instanceof JavaMethod method
                && Stream.concat(
                                method.getOwner().getAllRawSuperclasses().stream(),
                                method.getOwner().getAllRawInterfaces().stream())
                        .filter(parent -> !parent.getPackageName().startsWith("io.nettoolkit"))
                        .flatMap(parent -> parent.getMethods().stream())
                        .anyMatch(inherited -> inherited.getName().equals(method.getName())
                                && inherited.getRawParameterTypes().size()
                                        == method.getRawParameterTypes().size());
    }
}
