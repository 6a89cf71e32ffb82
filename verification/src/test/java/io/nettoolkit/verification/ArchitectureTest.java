package io.nettoolkit.verification;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.nettoolkit.verification.Reactor.Module;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules that hold between the modules, read off the compiled classes. */
class ArchitectureTest {

    private static final int MAX_PUBLIC_TYPES = 16;

    private static JavaClasses published;
    private static JavaClasses all;
    private static JavaClasses tests;

    @BeforeAll
    static void importClasses() {
        published = importFrom(Reactor.publishedModules().stream().map(Module::classes));
        all = importFrom(Reactor.modules().stream().map(Module::classes));
        tests = importFrom(Reactor.modules().stream().map(Module::testClasses));
        // A rule over no classes is kept; that must not come from a wrong path.
        assertThat(published.contain("io.nettoolkit.core.Deadline")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "udp", "dns", "pool", "resilience"})
    void siblingsKnowCoreAlone(String sibling) {
        noClasses()
                .that(resideInAPackage("io.nettoolkit." + sibling + ".."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.nettoolkit..")
                        .and(not(resideInAnyPackage("io.nettoolkit." + sibling + "..", "io.nettoolkit.core.."))))
                .allowEmptyShould(true)
                .check(published);
    }

    @ParameterizedTest
    @ValueSource(strings = {"core", "testkit"})
    void coreAndTestKitKnowNoOtherModule(String module) {
        noClasses()
                .that(resideInAPackage("io.nettoolkit." + module + ".."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.nettoolkit..")
                        .and(not(resideInAPackage("io.nettoolkit." + module + ".."))))
                .allowEmptyShould(true)
                .check(published);
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void internalPackagesAreReachedFromTheirOwnModuleAlone(Module module) {
        String[] allowed = module.name().equals("toolkit-core")
                ? Stream.of("core", "tcp", "udp", "dns", "pool", "resilience")
                        .map(name -> "io.nettoolkit." + name + "..")
                        .toArray(String[]::new)
                : new String[] {module.apiPackage() + ".."};
        noClasses()
                .that(not(resideInAnyPackage(allowed)))
                .should()
                .dependOnClassesThat(resideInAPackage(module.apiPackage() + "..internal.."))
                .check(all);
    }

    @Test
    void timeIsReadFromTimeSourceAlone() {
        noClasses()
                .that(not(describe("TimeSource", ArchitectureTest::isTimeSource)))
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(published);
    }

    @Test
    void testsDoNotSleep() {
        noClasses()
                .that()
                .haveSimpleNameNotEndingWith("_jcstress") // generated; what they run is ours, and is looked at
                .should()
                .callMethodWhere(describe(
                        "the method is Thread.sleep or TimeUnit.sleep",
                        call -> call.getName().equals("sleep")
                                && Stream.of("java.lang.Thread", "java.util.concurrent.TimeUnit")
                                        .anyMatch(call.getTargetOwner().getName()::equals)))
                .allowEmptyShould(true)
                .check(tests);
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void modulesHaveFewPublicTypes(Module module) {
        List<String> types = published.stream()
                .filter(type -> type.getPackageName().equals(module.apiPackage()))
                .filter(type -> type.isTopLevelClass() && ApiSignatures.isPublic(type))
                .map(JavaClass::getSimpleName)
                .filter(name -> !name.endsWith("-info"))
                .sorted()
                .toList();
        assertThat(types)
                .as("top-level public types of %s: one module is one idea", module)
                .hasSizeLessThanOrEqualTo(MAX_PUBLIC_TYPES);
    }

    @Test
    void signaturesOfTheApiShowNeitherPromisesNorInternalTypes() {
        classes()
                .that(areApi())
                .should(ApiSignatures.show(
                        "no Netty promise and no internal type",
                        type -> !type.isAssignableTo("io.netty.util.concurrent.Promise")
                                && !type.getPackageName().contains(".internal")))
                .check(published);
    }

    @Test
    void publicMethodsOfTheApiTakeNoBooleans() {
        classes()
                .that(areApi())
                .and(not(describe("are builders", type -> type.getSimpleName().endsWith("Builder"))))
                .and(not(describe("are records", JavaClass::isRecord)))
                .should(ApiSignatures.takeNoBooleans())
                .check(published);
    }

    @Test
    void namesSayWhatATypeIs() {
        noClasses().should().haveNameMatching(".*(Utils?|Helper|Manager|Impl)").check(published);
    }

    private static boolean isTimeSource(JavaClass type) {
        return (type.getName() + "$").startsWith("io.nettoolkit.core.TimeSource$");
    }

    private static DescribedPredicate<JavaClass> areApi() {
        List<String> packages =
                Reactor.publishedModules().stream().map(Module::apiPackage).toList();
        return describe(
                "are in the API of a module",
                type -> packages.contains(type.getPackageName()) && ApiSignatures.isPublic(type));
    }

    private static JavaClasses importFrom(Stream<Path> directories) {
        return new ClassFileImporter()
                .importPaths(directories.filter(Files::isDirectory).toList());
    }

    static Stream<Module> publishedModules() {
        return Reactor.publishedModules().stream();
    }
}
