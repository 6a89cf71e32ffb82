package io.example.consumer;

import io.nettoolkit.core.Deadline;
import java.time.Duration;
import java.util.stream.Collectors;

/** A small application on the module path. */
public final class Consumer {

    private Consumer() {}

    public static void main(String[] args) {
        Deadline deadline = Deadline.after(Duration.ofSeconds(5));
        if (deadline.isExpired()) {
            throw new AssertionError(deadline);
        }
        System.out.println("modules: "
                + ModuleLayer.boot().modules().stream()
                        .map(Module::getName)
                        .filter(name -> name.startsWith("io.nettoolkit."))
                        .sorted()
                        .collect(Collectors.joining(" ")));
    }
}
