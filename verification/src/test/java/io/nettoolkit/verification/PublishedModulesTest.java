package io.nettoolkit.verification;

import static io.nettoolkit.verification.Reactor.children;
import static io.nettoolkit.verification.Reactor.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.verification.Reactor.Module;
import java.lang.module.ModuleDescriptor.Exports;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

/** What users get: which artifacts, which dependencies come with them, and what they export. */
class PublishedModulesTest {

    /**
     * What each published module brings along, "?" marking the optional ones. Every line is a decision: a new one costs
     * each user a download, a licence and a possible conflict.
     */
    private static final Map<String, List<String>> DEPENDENCIES = Map.of(
            "toolkit-core",
            List.of(
                    "io.netty:netty-buffer",
                    "io.netty:netty-codec-base",
                    "io.netty:netty-common",
                    "io.netty:netty-handler",
                    "io.netty:netty-transport",
                    "io.netty:netty-transport-native-unix-common",
                    "io.netty:netty-transport-classes-epoll?",
                    "io.netty:netty-transport-classes-io_uring?",
                    "io.netty:netty-transport-classes-kqueue?",
                    "io.micrometer:micrometer-core?",
                    "org.jspecify:jspecify",
                    "org.slf4j:slf4j-api"),
            "toolkit-tcp",
            List.of(
                    "io.nettoolkit:toolkit-core",
                    "io.netty:netty-buffer",
                    "io.netty:netty-codec-base",
                    "io.netty:netty-common",
                    "io.netty:netty-handler",
                    "io.netty:netty-resolver",
                    "io.netty:netty-transport",
                    "org.jspecify:jspecify",
                    "org.slf4j:slf4j-api"),
            "toolkit-udp",
            List.of(
                    "io.nettoolkit:toolkit-core",
                    "io.netty:netty-buffer",
                    "io.netty:netty-common",
                    "io.netty:netty-resolver",
                    "io.netty:netty-transport",
                    "io.netty:netty-transport-native-unix-common",
                    "io.micrometer:micrometer-core?",
                    "org.jspecify:jspecify",
                    "org.slf4j:slf4j-api"),
            "toolkit-dns",
            List.of(
                    "io.nettoolkit:toolkit-core",
                    "io.netty:netty-buffer",
                    "io.netty:netty-codec-base",
                    "io.netty:netty-common",
                    "io.netty:netty-handler",
                    "io.netty:netty-resolver",
                    "io.netty:netty-transport",
                    "io.micrometer:micrometer-core?",
                    "org.jspecify:jspecify",
                    "org.slf4j:slf4j-api"),
            "toolkit-pool",
            List.of(
                    "io.nettoolkit:toolkit-core",
                    "io.netty:netty-common",
                    "io.netty:netty-handler",
                    "io.netty:netty-transport",
                    "io.micrometer:micrometer-core?",
                    "org.jspecify:jspecify",
                    "org.slf4j:slf4j-api"),
            "toolkit-resilience",
            List.of(
                    "io.nettoolkit:toolkit-core",
                    "io.netty:netty-common",
                    "io.netty:netty-transport",
                    "io.lettuce:lettuce-core?",
                    "io.micrometer:micrometer-core?",
                    "org.jspecify:jspecify"),
            "toolkit-testkit",
            List.of(
                    "io.netty:netty-buffer",
                    "io.netty:netty-codec-base",
                    "io.netty:netty-common",
                    "io.netty:netty-handler",
                    "io.netty:netty-transport",
                    "io.projectreactor.tools:blockhound?",
                    "org.jspecify:jspecify",
                    "org.junit.jupiter:junit-jupiter-api?",
                    "org.slf4j:slf4j-api"));

    @ParameterizedTest
    @MethodSource("publishedModules")
    void bringsAlongTheListedDependenciesOnly(Module module) {
        List<String> listed = DEPENDENCIES.get(module.name());
        assertThat(listed)
                .as("the list of %s in this test (a new published module needs one)", module)
                .isNotNull();

        List<String> declared = children(module.pom(), "dependencies", "dependency").stream()
                .filter(dependency -> !text(dependency, "scope").equals("test"))
                .map(PublishedModulesTest::coordinates)
                .toList();

        assertThat(without(declared, listed))
                .as("new in the pom of %s: if users shall get it, add it to the list above", module)
                .isEmpty();
        assertThat(without(listed, declared))
                .as("listed for %s, no longer in its pom", module)
                .isEmpty();
    }

    @Test
    void inheritsNoDependencyFromTheParent() {
        assertThat(children(Reactor.pom("."), "dependencies", "dependency")).isEmpty();
    }

    @Test
    void listsExactlyThePublishedModulesInTheBom() {
        List<Element> managed =
                children(Reactor.pom("toolkit-bom"), "dependencyManagement", "dependencies", "dependency");

        assertThat(managed)
                .extracting(PublishedModulesTest::coordinates)
                .containsExactlyInAnyOrderElementsOf(publishedModules()
                        .map(module -> "io.nettoolkit:" + module.name())
                        .toList());
        assertThat(managed).extracting(element -> text(element, "version")).containsOnly("${project.version}");
    }

    @Test
    void keepsTheVersionOfTheBomEqualToTheParents() {
        assertThat(text(Reactor.pom("toolkit-bom"), "version")).isEqualTo(text(Reactor.pom("."), "version"));
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void exportsItsApiPackageOnceItHasCode(Module module) {
        List<String> exported = module.descriptor().exports().stream()
                .filter(exports -> !exports.isQualified())
                .map(Exports::source)
                .toList();

        if (module.hasCode()) {
            assertThat(exported)
                    .contains(module.apiPackage())
                    .allMatch(name -> name.startsWith(module.apiPackage()) && !name.contains(".internal"));
        } else {
            assertThat(module.descriptor().exports()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void isNamedAfterItsApiPackage(Module module) {
        assertThat(module.descriptor().name()).isEqualTo(module.apiPackage());
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void exportsInternalPackagesOfCoreAlone(Module module) {
        assertThat(module.descriptor().exports().stream().filter(Exports::isQualified))
                .extracting(Exports::source)
                .allMatch(name -> name.startsWith("io.nettoolkit.core.internal"));
    }

    @ParameterizedTest
    @MethodSource("publishedModules")
    void skipsJavadocOnlyWhileItHasNoCode(Module module) {
        // The other way round needs no test: the javadoc tool fails where there is nothing to document.
        assertThat(module.property("toolkit.noJavadoc").equals("true") && module.hasCode())
                .as("%s has code: remove <toolkit.noJavadoc> from its pom", module)
                .isFalse();
    }

    private static String coordinates(Element dependency) {
        String optional = text(dependency, "optional").equals("true") ? "?" : "";
        return text(dependency, "groupId") + ":" + text(dependency, "artifactId") + optional;
    }

    private static Set<String> without(List<String> from, List<String> known) {
        Set<String> rest = new TreeSet<>(from);
        known.forEach(rest::remove);
        return rest;
    }

    static Stream<Module> publishedModules() {
        return Reactor.publishedModules().stream();
    }
}
