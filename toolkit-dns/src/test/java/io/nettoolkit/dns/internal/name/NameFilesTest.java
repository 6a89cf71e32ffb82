package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.internal.name.NameFiles.Contents;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real file thread, which polls by real time: each test waits for what has to come. */
class NameFilesTest {

    @TempDir
    Path dir;

    private final LinkedTransferQueue<Contents> changes = new LinkedTransferQueue<>();
    private Path resolvConf;
    private Path hosts;
    private NameFiles files;

    @BeforeEach
    void write() throws IOException {
        resolvConf = Files.writeString(dir.resolve("resolv.conf"), "nameserver 192.0.2.1\n");
        hosts = Files.writeString(dir.resolve("hosts"), "192.0.2.2 web\n");
    }

    @AfterEach
    void close() {
        files.close();
    }

    private void open(Path conf) {
        files = new NameFiles(new NameFiles.Sources(conf, hosts, Duration.ofMillis(20)), changes::add);
    }

    private Contents awaitChange() throws InterruptedException {
        Contents contents = changes.poll(20, TimeUnit.SECONDS);
        assertThat(contents).as("a change within 20 s").isNotNull();
        return contents;
    }

    private static String server(Contents contents) {
        return contents.resolvConf().nameServers().get(0).getAddress().getHostAddress();
    }

    @Test
    void readsTheFilesBeforeItReturns() throws IOException {
        open(resolvConf);

        assertThat(server(files.current())).isEqualTo("192.0.2.1");
        assertThat(files.current().hosts().addresses(DnsName.of("web"))).hasSize(1);
    }

    @Test
    void readsAgainWhatChanged() throws Exception {
        open(resolvConf);
        Files.writeString(resolvConf, "nameserver 192.0.2.77\n");

        Contents contents = awaitChange();
        assertThat(server(contents)).isEqualTo("192.0.2.77");
        assertThat(files.current()).isSameAs(contents);
    }

    @Test
    void badInput57FollowsALinkThatIsSwapped() throws Exception {
        Path old = Files.createDirectory(dir.resolve("..1"));
        Path young = Files.createDirectory(dir.resolve("..2"));
        Files.writeString(old.resolve("resolv.conf"), "nameserver 192.0.2.3\n");
        Files.writeString(young.resolve("resolv.conf"), "nameserver 192.0.2.4\n");
        Path data = Files.createSymbolicLink(dir.resolve("..data"), old);
        Path mounted = Files.createSymbolicLink(dir.resolve("mounted"), data.resolve("resolv.conf"));
        open(mounted);
        assertThat(server(files.current())).isEqualTo("192.0.2.3");

        Path swap = Files.createSymbolicLink(dir.resolve("..tmp"), young);
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);

        assertThat(server(awaitChange())).isEqualTo("192.0.2.4");
    }

    @Test
    void badInput57TakesADeletedFileForAnEmptyOne() throws Exception {
        open(resolvConf);
        Files.delete(resolvConf);

        assertThat(awaitChange().resolvConf()).isEqualTo(ResolvConf.DEFAULT);
    }

    @Test
    void badInput57KeepsTheLastGoodOneOfAFileThatCannotBeUsed() throws Exception {
        open(resolvConf);
        Files.write(resolvConf, new byte[NameFiles.MAX_RESOLV_CONF_BYTES + 1]);
        Files.writeString(hosts, "192.0.2.2 web other\n");
        Contents contents = awaitChange();
        if (contents.hosts().size() == 1) {
            contents = awaitChange();
        }
        assertThat(server(contents)).isEqualTo("192.0.2.1");
        assertThat(contents.hosts().size()).isEqualTo(2);

        Files.delete(resolvConf);
        Files.createDirectory(resolvConf);
        Files.writeString(hosts, "192.0.2.2 web other third\n");
        while (contents.hosts().size() == 2) {
            contents = awaitChange();
        }
        assertThat(server(contents)).isIn("192.0.2.1", "127.0.0.1");
    }

    @Test
    void hasDefaultsWithoutFiles() {
        files = new NameFiles(
                new NameFiles.Sources(dir.resolve("none"), dir.resolve("neither"), Duration.ofMillis(20)),
                changes::add);

        assertThat(files.current().resolvConf()).isEqualTo(ResolvConf.DEFAULT);
        assertThat(files.current().hosts().size()).isZero();
    }
}
