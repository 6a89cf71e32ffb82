package io.nettoolkit.core;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Runs a main class in a JVM of its own, with jars missing or with other flags. */
final class ChildJvm {

    private final List<String> flags = new ArrayList<>();
    private Predicate<String> jars = jar -> true;
    private boolean modules;

    /** Adds a flag of the JVM. */
    ChildJvm flag(String... flag) {
        flags.addAll(Arrays.asList(flag));
        return this;
    }

    /** Takes jars off the class path by a part of their file name. */
    ChildJvm withoutJars(String partOfName) {
        jars = jars.and(jar -> !Path.of(jar).getFileName().toString().contains(partOfName));
        return this;
    }

    /** Puts everything on the module path, with the tests inside the module of the core. */
    ChildJvm onModulePath() {
        modules = true;
        return this;
    }

    /** Runs it; what it printed. A failing exit status is an {@link AssertionError} with the output. */
    String run(Class<?> main, String... arguments) throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(jars)
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        if (modules) {
            String core = EventLoops.class.getPackageName();
            String tests = Path.of(ChildJvm.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
            command.addAll(List.of("-p", classPath, "--patch-module", core + "=" + tests));
            command.addAll(List.of("-m", core + "/" + main.getName()));
        } else {
            command.addAll(List.of("-cp", classPath, main.getName()));
        }
        command.addAll(Arrays.asList(arguments));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!child.waitFor(60, TimeUnit.SECONDS) || child.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + "\n" + output);
            }
            return output;
        } finally {
            child.destroyForcibly();
        }
    }
}
