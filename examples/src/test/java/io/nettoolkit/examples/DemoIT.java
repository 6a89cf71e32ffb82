package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.examples.FileDigest.Result;
import io.nettoolkit.tcp.Connection;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo in a JVM of its own, with good and bad input and with a server that is wrong. */
class DemoIT {

    private static final long SEED = 20_261_121;

    @TempDir
    Path input;

    @TempDir
    Path shared;

    @Test
    void confirmsSmallLargeAndEmptyFilesInDirectories() throws Exception {
        write("small.txt", 5);
        write("empty", 0);
        write("a/b/large", 3 * FileClient.PIECE_BYTES + 1);
        write("a/exactly-one-piece", FileClient.PIECE_BYTES);
        Files.createSymbolicLink(input.resolve("link"), input.resolve("nowhere"));

        ChildProgram.Result result = demo(Demo.class);

        assertThat(result.status()).as(result.toString()).isZero();
        assertThat(result.err()).doesNotContain("demo: ");
        assertThat(result.out())
                .contains("answers   4 of 4 files: size and SHA-256 agree")
                .anyMatch(line -> line.matches("input     4 files, 0\\.3 MB in .*"))
                .anyMatch(line -> line.matches("timeline  connect [0-9.]+ ms, TLS [0-9.]+ ms, .*"))
                .last()
                .asString()
                .startsWith("drain     4 connections ended in order, 0 cut");
    }

    @Test
    void takesTheDirectoryFromTheSystemPropertyToo() throws Exception {
        write("only", 1);

        try (ChildProgram program = ChildProgram.command(
                ChildProgram.java(List.of("-Dinput=" + input, "-jar", ChildProgram.JAR.toString()), "demo"))) {
            assertThat(program.finish().out()).contains("answers   1 of 1 files: size and SHA-256 agree");
        }
    }

    @Test
    void failsWhereAnAnswerIsWrong() throws Exception {
        write("good", 10);
        write("bad", 13);

        ChildProgram.Result result = demo(WrongServer.class);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).contains("answers   2 of 2 files, not all as they should be");
        assertThat(result.err())
                .contains("demo: FAILED for 1 of 2 files\n    bad: the server's answer differs\n")
                .contains("sent:   13 bytes", "answer: 12 bytes");
    }

    @Test
    void failsWhereTheConnectionsAreLost() throws Exception {
        for (int i = 0; i < 20; i++) {
            write("file" + i, 10);
        }

        ChildProgram.Result result = demo(DyingServer.class);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .contains("demo: FAILED for 20 of 20 files\n", "the connection was lost", "no connection was left");
    }

    @Test
    void saysWhichFileChangedWhileItWasSent() throws Exception {
        // More than the queues of the connection and of the kernel hold, so that it is still being read when it grows.
        write("growing", 24 << 20);

        ChildProgram.Result result = demo(GrowingFile.class);

        assertThat(result.status()).as(result.toString()).isZero();
        assertThat(result.out())
                .contains("answers   1 of 1 files: size and SHA-256 agree")
                .contains("note      growing: changed while it was sent; what was sent is what was checked");
    }

    @Test
    void failsForAFileItMayNotReadAndSendsTheOthers() throws Exception {
        write("readable", 10);
        Files.setPosixFilePermissions(write("locked/away", 10).getParent(), Set.of());
        Files.setPosixFilePermissions(write("secret", 10), Set.of());
        Files.setPosixFilePermissions(input, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>();
        Path jar = ChildProgram.JAR;
        if (Files.isReadable(input.resolve("secret"))) {
            // Only root may read everything, and only root may become somebody else; its jar may be out of reach then.
            assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "root, and no setpriv to become another user");
            command.addAll(List.of("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
            jar = Files.copy(jar, shared.resolve("examples.jar"));
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("r--r--r--"));
        }
        command.addAll(ChildProgram.java(List.of("-jar", jar.toString()), "demo", "--input", input.toString()));

        try (ChildProgram program = ChildProgram.command(command)) {
            ChildProgram.Result result = program.finish();

            assertThat(result.status()).isEqualTo(1);
            assertThat(result.out()).contains("answers   1 of 2 files, not all as they should be");
            assertThat(result.err())
                    .contains("demo: FAILED for 2 of 3 files")
                    .contains("locked: cannot be read: permission denied")
                    .contains("secret: cannot be read: permission denied");
        } finally {
            Files.setPosixFilePermissions(input.resolve("locked"), PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void failsForADirectoryThatIsNotThere() throws Exception {
        assertThat(demo(Demo.class, input.resolve("no")).err())
                .isEqualTo("demo: input: " + input.resolve("no") + " does not exist\n");
    }

    @Test
    void failsForAFile() throws Exception {
        Path file = write("file", 1);

        assertThat(demo(Demo.class, file).err()).isEqualTo("demo: input: " + file + " is not a directory\n");
    }

    @Test
    void failsForADirectoryWithoutFiles() throws Exception {
        Files.createDirectory(input.resolve("empty"));

        ChildProgram.Result result = demo(Demo.class);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isEqualTo("demo: input: " + input + " has no files in it\n");
    }

    private Path write(String name, int bytes) throws IOException {
        byte[] contents = new byte[bytes];
        new Random(SEED).nextBytes(contents);
        Path file = input.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, contents);
    }

    private ChildProgram.Result demo(Class<?> main) throws IOException, InterruptedException {
        return demo(main, input);
    }

    private static ChildProgram.Result demo(Class<?> main, Path input) throws IOException, InterruptedException {
        String classPath = System.getProperty("java.class.path");
        try (ChildProgram program = ChildProgram.main(classPath, main.getName(), "--input", input.toString())) {
            return program.finish();
        }
    }

    /** Miscounts files of 13 bytes. */
    static final class WrongServer extends FileServer {
        public static void main(String[] arguments) {
            Examples.run(new Demo(new WrongServer()), arguments);
        }

        @Override
        void answer(Connection connection, Result result) {
            super.answer(connection, result.bytes() == 13 ? new Result(12, result.sha256()) : result);
        }
    }

    /** Resets every connection that sends it something. */
    static final class DyingServer extends FileServer {
        public static void main(String[] arguments) {
            Examples.run(new Demo(new DyingServer()), arguments);
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            connection.abort();
        }
    }

    /** Appends to the file it is being sent, as soon as the first piece has come. */
    static final class GrowingFile extends FileServer {

        private final Path file;
        private boolean grown;

        GrowingFile(Path file) {
            this.file = file;
        }

        public static void main(String[] arguments) {
            Examples.run(new Demo(new GrowingFile(Path.of(arguments[1], "growing"))), arguments);
        }

        @Override
        public void onFrame(Connection connection, ByteBuf frame) {
            if (!grown) {
                grown = true;
                try {
                    Files.write(file, new byte[] {1}, StandardOpenOption.APPEND);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
            super.onFrame(connection, frame);
        }
    }
}
