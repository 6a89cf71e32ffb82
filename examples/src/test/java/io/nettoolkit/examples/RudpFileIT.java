package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.testkit.LeakCheck;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpClient;
import io.nettoolkit.udp.RudpHandler;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.RudpServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the receiving half of {@code rudp-file} does with clients and disks that are not as they should be. */
@ExtendWith(LeakCheck.class)
class RudpFileIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final byte[] CONTENT = randomBytes(100_000);
    private static final byte[] NO_SUM = new byte[32];

    @TempDir
    Path outer;

    private Path directory;
    private EventLoops loops;
    private ExecutorService disk;
    private RudpServer server;
    private InetSocketAddress address;

    @BeforeEach
    void serve() throws Exception {
        directory = Files.createDirectory(outer.resolve("in"));
        loops = EventLoops.builder().threads(1).build();
        disk = Executors.newSingleThreadExecutor();
        serve(directory);
    }

    private void serve(Path into) {
        server = RudpServer.builder(RudpFile.CONFIG, new RudpFileServer(into, disk))
                .eventLoops(loops)
                .build();
        address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        disk.shutdown();
        assertThat(disk.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        loops.close();
    }

    static List<String> wrongNames() {
        return List.of(
                "",
                ".",
                "..",
                "../x",
                "/x",
                "/tmp/rudp-file-it",
                "a/b",
                "a/",
                "a/../b",
                "../in/x",
                "nul\0",
                "new\nline",
                "other.part");
    }

    @ParameterizedTest
    @MethodSource("wrongNames")
    void refusesNamesThatAreNotOneStepBelowTheDirectory(String name) throws Exception {
        List<Path> before = everything();
        try (Peer peer = new Peer()) {
            peer.offer(name, 3, NO_SUM);
            assertThat(peer.refusal()).isIn("that is no file name here", "message 1 is malformed or out of turn");
            peer.awaitClose();
        }
        assertThat(everything()).isEqualTo(before);
        assertThat(Path.of("/tmp/rudp-file-it")).doesNotExist();
        assertStillServes();
    }

    @Test
    void refusesANameThatTheFileSystemFindsTooLong() throws Exception {
        try (Peer peer = new Peer()) {
            peer.offer("n".repeat(250), 3, NO_SUM);
            assertThat(peer.refusal()).isEqualTo("File name too long");
        }
        assertThat(directory).isEmptyDirectory();
        assertStillServes();
    }

    static List<ByteBuf> wrongMessages() {
        return List.of(
                Unpooled.buffer().writeByte(RudpFileServer.OFFER),
                Unpooled.buffer().writeByte(RudpFileServer.OFFER).writeLong(3).writeBytes(new byte[31]),
                Unpooled.buffer().writeByte(RudpFileServer.DATA).writeByte(1),
                Unpooled.buffer().writeByte(99),
                Unpooled.buffer()
                        .writeByte(RudpFileServer.OFFER)
                        .writeLong(-1)
                        .writeBytes(NO_SUM)
                        .writeByte('x'));
    }

    @ParameterizedTest
    @MethodSource("wrongMessages")
    void refusesMessagesThatMakeNoSense(ByteBuf message) throws Exception {
        try (Peer peer = new Peer()) {
            peer.channel.send(RudpMessage.of(message));
            assertThat(peer.refusal()).containsAnyOf("malformed or out of turn", "a file of -1 bytes");
            peer.awaitClose();
        }
        assertThat(directory).isEmptyDirectory();
        assertStillServes();
    }

    @Test
    void saysThatTheSumIsWrongAndKeepsNothing() throws Exception {
        try (Peer peer = new Peer()) {
            peer.offer("file", 4, NO_SUM);
            assertThat(peer.have()).isZero();
            peer.data("four");
            assertThat(peer.answer().readByte()).isEqualTo(RudpFileServer.WRONG);
            assertThat(directory).isEmptyDirectory();
            peer.data("more");
            assertThat(peer.refusal()).contains("out of turn");
        }
        assertThat(directory).isEmptyDirectory();
        assertStillServes();
    }

    @Test
    void findsThatWhatItHadWasCorruptAndTakesAllOfItTheNextTime() throws Exception {
        Path file = Files.write(outer.resolve("file"), CONTENT);
        byte[] half = Arrays.copyOf(CONTENT, CONTENT.length / 2);
        half[100] ^= 1;
        Path part = Files.write(part("file"), half);
        assertThatThrownBy(() -> send(file, half.length))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another SHA-256")
                .hasMessageContaining("run it again");
        assertThat(part).doesNotExist();
        assertThat(directory).isEmptyDirectory();
        send(file, 0);
        assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
    }

    @Test
    void resumesAndBeginsAnewWhereItHasMoreThanTheFile() throws Exception {
        Path file = Files.write(outer.resolve("file"), CONTENT);
        Files.write(part("file"), Arrays.copyOf(CONTENT, 70_000));
        send(file, 70_000);
        assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
        Files.write(part("file"), Arrays.copyOf(CONTENT, CONTENT.length + 1));
        send(file, 0);
        assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
        assertThat(directory.toFile().list()).containsExactly("file");
    }

    @Test
    void theLaterOfTwoThatSendTheSameFileHasItAlone() throws Exception {
        try (Peer earlier = new Peer()) {
            earlier.offer("file", CONTENT.length, sum());
            assertThat(earlier.have()).isZero();
            send(Files.write(outer.resolve("file"), CONTENT), 0);
            assertThat(earlier.refusal()).isEqualTo("another connection sends the same file");
            earlier.data("spoilt");
            earlier.awaitClose();
        }
        assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
    }

    @Test
    void followsNoLinksOutOfTheDirectoryAndReplacesNoDirectory() throws Exception {
        Path file = Files.write(outer.resolve("file"), CONTENT);
        Path precious = Files.writeString(outer.resolve("precious"), "as it was");
        Files.createSymbolicLink(part("file"), precious);
        assertThatThrownBy(() -> send(file, 0)).isInstanceOf(IOException.class).hasMessageContaining("refused file");
        Files.delete(part("file"));
        Files.createSymbolicLink(directory.resolve("file"), precious);
        send(file, 0);
        assertThat(precious).hasContent("as it was");
        assertThat(directory.resolve("file")).isRegularFile().hasBinaryContent(CONTENT);

        Files.delete(directory.resolve("file"));
        Files.createDirectory(directory.resolve("file"));
        assertThatThrownBy(() -> send(file, 0)).hasMessageContaining("a directory has that name here");
        assertThat(directory.resolve("file")).isEmptyDirectory();
    }

    @Test
    void refusesWhileTheDirectoryIsGoneAndServesWhenItIsBack() throws Exception {
        Path file = Files.write(outer.resolve("file"), CONTENT);
        Files.delete(directory);
        assertThatThrownBy(() -> send(file, 0)).hasMessageContaining("refused file: the directory is gone");
        Files.createDirectory(directory);
        assertStillServes();
    }

    @Test
    void refusesWhatADiskThatIsFullDoesNotTake() throws Exception {
        Path small = Files.createDirectory(outer.resolve("small"));
        assumeTrue(
                isDone("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small.toString()),
                "needs root, to mount a small file system");
        try {
            server.close();
            serve(small);
            Path file = Files.write(outer.resolve("file"), CONTENT);
            assertThatThrownBy(() -> send(file, 0)).hasMessageContaining("refused file: No space left on device");
            try (Stream<Path> kept = Files.list(small)) {
                kept.forEach(it -> assertThat(it.toFile().delete()).isTrue());
            }
            send(Files.write(outer.resolve("file"), Arrays.copyOf(CONTENT, 1000)), 0);
        } finally {
            assertThat(isDone("umount", "-l", small.toString())).isTrue();
        }
    }

    private static boolean isDone(String... command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException missing) {
            return false;
        }
        return process.waitFor() == 0;
    }

    // ---- the other side

    private void assertStillServes() throws Exception {
        send(Files.write(outer.resolve("good"), CONTENT), 0);
        assertThat(directory.resolve("good")).hasBinaryContent(CONTENT);
    }

    /** As the program does it. */
    private void send(Path file, long resumedAt) throws Exception {
        try (RudpFileClient client = RudpFileClient.offer(file);
                RudpClient face = RudpClient.builder(RudpFile.CONFIG, client)
                        .eventLoops(loops)
                        .build()) {
            RudpChannel channel =
                    face.connect(Endpoint.of(address), Deadline.after(PATIENCE)).join();
            long offset = client.awaitOffset(channel);
            assertThat(offset).isEqualTo(resumedAt);
            client.sendFrom(channel, offset, Long.MAX_VALUE, sent -> {});
            client.awaitVerdict();
        }
    }

    private static byte[] sum() {
        FileDigest digest = new FileDigest();
        digest.update(Unpooled.wrappedBuffer(CONTENT));
        return HexFormat.of().parseHex(digest.finish().sha256());
    }

    private Path part(String name) {
        return directory.resolve(name + "." + HexFormat.of().formatHex(sum()) + ".part");
    }

    private List<Path> everything() throws IOException {
        try (Stream<Path> tree = Files.walk(outer)) {
            return tree.sorted().toList();
        }
    }

    private static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    /** A client that says what it likes. */
    private final class Peer implements RudpHandler, AutoCloseable {

        private final BlockingQueue<ByteBuf> answers = new LinkedTransferQueue<>();
        private final RudpClient client;
        final RudpChannel channel;

        Peer() {
            client = RudpClient.builder(RudpFile.CONFIG, this).eventLoops(loops).build();
            channel = client.connect(Endpoint.of(address), Deadline.after(PATIENCE))
                    .join();
        }

        @Override
        public void onMessage(RudpChannel from, RudpMessage message) {
            answers.add(Unpooled.copiedBuffer(message.content()));
        }

        void offer(String name, long size, byte[] sum) {
            ByteBuf offer = Unpooled.buffer().writeByte(RudpFileServer.OFFER).writeLong(size);
            channel.send(RudpMessage.of(offer.writeBytes(sum).writeBytes(name.getBytes(UTF_8))));
        }

        void data(String text) {
            channel.send(RudpMessage.of(
                    Unpooled.buffer().writeByte(RudpFileServer.DATA).writeBytes(text.getBytes(UTF_8))));
        }

        ByteBuf answer() throws InterruptedException {
            ByteBuf answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer).as("an answer").isNotNull();
            return answer;
        }

        long have() throws InterruptedException {
            ByteBuf answer = answer();
            assertThat(answer.readByte()).isEqualTo(RudpFileServer.HAVE);
            return answer.readLong();
        }

        String refusal() throws InterruptedException {
            ByteBuf answer = answer();
            assertThat(answer.readByte()).isEqualTo(RudpFileServer.REFUSED);
            return answer.toString(UTF_8);
        }

        void awaitClose() throws Exception {
            assertThat(channel.closed()
                            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .isOrderly())
                    .isTrue();
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
