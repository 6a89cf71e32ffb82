package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What the core does in JVMs where optional jars or modules are not there. */
@EnabledOnOs(OS.LINUX)
class MissingArtifactsIT {

    @Test
    void runsOnNioAndNamesTheArtifactsWhenNoNativeJarIsThere() throws Exception {
        String output = new ChildJvm()
                .withoutJars("transport-classes-")
                .withoutJars("transport-native-epoll")
                .withoutJars("transport-native-io_uring")
                .run(Report.class);
        assertThat(output)
                .contains("best=NIO")
                .contains("EPOLL: epoll is not on the class path: add io.netty:netty-transport-native-epoll with the"
                        + " classifier linux-")
                .contains("IO_URING: io_uring is not on the class path: add io.netty:netty-transport-native-io_uring"
                        + " with the classifier linux-")
                .contains("loops=NIO ran on nettoolkit-nio-1");
    }

    @Test
    void namesTheClassifierWhenOnlyTheNativeLibraryIsMissing() throws Exception {
        String output = new ChildJvm()
                .withoutJars("transport-native-epoll")
                .withoutJars("transport-native-io_uring")
                .run(Report.class);
        assertThat(output)
                .contains("best=NIO")
                .contains("EPOLL: epoll finds no native library: add")
                .contains("IO_URING: io_uring finds no native library: add");
    }

    @Test
    void namesTheModulesToAddOnTheModulePathAndRunsWithThem() throws Exception {
        String modules = "io.netty.transport.classes.epoll,io.netty.transport.epoll.linux."
                + (System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64");
        String output = new ChildJvm().onModulePath().run(Report.class);
        assertThat(output)
                .contains("EPOLL: epoll is not among the modules: add io.netty:netty-transport-native-epoll")
                .contains("and start with --add-modules " + modules)
                .contains("loops=NIO");
        String withModules = new ChildJvm()
                .onModulePath()
                .flag("--add-modules", modules + ",jdk.jfr")
                .run(Report.class);
        assertThat(withModules).contains("loops=EPOLL").contains("jfr=true");
    }

    @Test
    void repeatsWhatNettySaysWhenNativeCodeIsForbidden() throws Exception {
        String output =
                new ChildJvm().flag("-Dio.netty.transport.noNative=true").run(Report.class);
        assertThat(output).contains("EPOLL: epoll cannot be used here: Native transport was explicit disabled");
    }

    @Test
    void runsInARuntimeWithoutFlightRecorderAndWithoutMicrometer() throws Exception {
        String output = new ChildJvm()
                .withoutJars("micrometer")
                .flag("--limit-modules", "java.base,java.logging,java.naming,java.xml,jdk.unsupported")
                .run(Report.class);
        assertThat(output)
                .contains("jfr=false")
                .contains("ran on nettoolkit-epoll-1")
                .contains("keepAliveIdle (TCP_KEEPIDLE): NIO cannot set it here");
    }

    /** The main class of the child. */
    static final class Report {

        private Report() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("best=" + Transport.best());
            for (Transport transport : Transport.values()) {
                Throwable cause = transport.unavailabilityCause();
                System.out.println(transport + ": " + (cause == null ? "available" : cause.getMessage()));
            }
            try (EventLoops loops = EventLoops.builder().threads(1).build()) {
                String thread = loops.next()
                        .submit(() -> Thread.currentThread().getName())
                        .get();
                System.out.println("loops=" + loops.transport() + " ran on " + thread);
            }
            System.out.println("jfr=" + io.nettoolkit.core.internal.jfr.JfrEvents.isAvailable());
            io.nettoolkit.core.internal.jfr.JfrEvents.drain(new DrainReport(1, 2, Duration.ofSeconds(3)));
            System.out.println(io.nettoolkit.core.internal.SocketOptionsApplier.applyTo(
                    new io.netty.bootstrap.Bootstrap(), SocketOptions.latency(), Transport.NIO));
        }
    }
}
