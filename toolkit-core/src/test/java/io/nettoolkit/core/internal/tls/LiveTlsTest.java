package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TlsConfig;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Certificates that change while connections are open. */
class LiveTlsTest {

    private static final X509Bundle AUTHORITY = TestCertificates.authority("authority");
    private static final X509Bundle FIRST = TestCertificates.issuedBy(AUTHORITY, "first");
    private static final X509Bundle SECOND = TestCertificates.issuedBy(AUTHORITY, "second");

    @TempDir
    Path directory;

    private final ManualFileTasks fileThread = new ManualFileTasks();
    private final Recorder recorder = new Recorder();
    private final List<AutoCloseable> opened = new ArrayList<>();

    private static final class Recorder implements TlsConfig.Listener {
        final List<@Nullable Instant> reloads = new ArrayList<>();
        final List<NetException> failures = new ArrayList<>();

        @Override
        public void onReload(@Nullable Instant expires) {
            reloads.add(expires);
        }

        @Override
        public void onReloadFailure(NetException failure) {
            failures.add(failure);
        }
    }

    @BeforeEach
    void writeFirst() {
        TestCertificates.write(directory, FIRST);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private TlsConfig.Builder config(Path from, TlsConfig.Provider provider) {
        return TlsConfig.server(from.resolve("chain.pem"), from.resolve("key.pem"))
                .provider(provider)
                .listener(recorder);
    }

    private LiveTls open(TlsConfig.Builder config) throws NetException {
        LiveTls live = LiveTls.open(config.build(), fileThread);
        opened.add(live);
        return live;
    }

    private TlsPair connect(LiveTls server) throws NetException {
        LiveTls client =
                open(TlsConfig.client().trust(TestCertificates.root(AUTHORITY)).verifyHostname(false));
        TlsPair pair = new TlsPair(server, client, null);
        opened.add(pair);
        return pair.talk();
    }

    private X509Certificate shown(LiveTls server) throws Exception {
        return connect(server).serverCertificate();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void showsTheNewCertificateToNewConnectionsWhileOldOnesLiveOn(TlsConfig.Provider provider) throws Exception {
        LiveTls server = open(config(directory, provider));
        TlsPair old = connect(server);
        assertThat(old.serverCertificate()).isEqualTo(FIRST.getCertificate());

        TestCertificates.write(directory, SECOND);
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
        old.talk();
        assertThat(server.stats().reloads()).isEqualTo(1);
        assertThat(server.stats().expires())
                .isEqualTo(SECOND.getCertificate().getNotAfter().toInstant());
        assertThat(recorder.reloads).containsExactly(server.stats().expires());
    }

    @Test
    void keepsTheContextWhenNothingChanged() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.JDK));

        Files.setLastModifiedTime(
                directory.resolve("chain.pem"), FileTime.from(Instant.now().plusSeconds(9)));
        fileThread.poll();

        assertThat(server.reload().join()).isFalse();
        assertThat(server.stats().reloads()).isZero();
        assertThat(recorder.reloads).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void followsASymbolicLinkThatIsSwungRound(TlsConfig.Provider provider) throws Exception {
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Path one = Files.createDirectory(volume.resolve("..2026_01"));
        Path two = Files.createDirectory(volume.resolve("..2026_02"));
        TestCertificates.write(one, FIRST);
        TestCertificates.write(two, SECOND);
        Path data = Files.createSymbolicLink(volume.resolve("..data"), one.getFileName());
        for (String file : List.of("chain.pem", "key.pem")) {
            Files.createSymbolicLink(volume.resolve(file), Path.of("..data", file));
        }
        LiveTls server = open(config(volume, provider));
        assertThat(shown(server)).isEqualTo(FIRST.getCertificate());

        Path next = Files.createSymbolicLink(volume.resolve("..next"), two.getFileName());
        Files.move(next, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheOldCertificateWhenTheFilesAreBroken(Breakage breakage) throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO));

        breakage.apply(directory);
        fileThread.poll();
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(FIRST.getCertificate());
        assertThat(server.lastReloadFailure()).hasMessageContaining(breakage.message);
        assertThat(recorder.failures).as("told once").hasSize(1).first().isSameAs(server.lastReloadFailure());
        assertThat(recorder.failures.get(0).kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(server.stats().failedReloads()).isEqualTo(1);
        assertThat(server.stats().reloads()).isZero();
    }

    private enum Breakage {
        TRUNCATED("has no END: is the file truncated?") {
            @Override
            void apply(Path directory) {
                String pem = SECOND.getCertificatePathPEM();
                TestCertificates.write(directory.resolve("chain.pem"), pem.substring(0, pem.length() / 2));
            }
        },
        FOREIGN_KEY("the private key does not match the certificate") {
            @Override
            void apply(Path directory) {
                TestCertificates.write(directory.resolve("key.pem"), SECOND.getPrivateKeyPEM());
            }
        },
        MISSING("key.pem: does not exist") {
            @Override
            void apply(Path directory) throws Exception {
                Files.delete(directory.resolve("key.pem"));
            }
        },
        EMPTY("no PEM block 'CERTIFICATE' found, nor any other") {
            @Override
            void apply(Path directory) {
                TestCertificates.write(directory.resolve("chain.pem"), "");
            }
        },
        MIXED_UP("no PEM block 'CERTIFICATE' found, only [PRIVATE KEY]") {
            @Override
            void apply(Path directory) {
                TestCertificates.write(directory.resolve("chain.pem"), SECOND.getPrivateKeyPEM());
            }
        };

        final String message;

        Breakage(String message) {
            this.message = message;
        }

        abstract void apply(Path directory) throws Exception;
    }

    @Test
    void recoversWhenTheFilesAreMended() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO));
        Breakage.FOREIGN_KEY.apply(directory);
        fileThread.poll();

        TestCertificates.write(directory, SECOND);
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
        assertThat(server.lastReloadFailure()).isNull();
    }

    @Test
    void forgetsTheFailureWhenTheOldFilesComeBack() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO));
        Breakage.EMPTY.apply(directory);
        fileThread.poll();

        TestCertificates.write(directory, FIRST);
        fileThread.poll();

        assertThat(server.lastReloadFailure()).isNull();
        assertThat(server.stats().reloads()).isZero();
    }

    @Test
    void reloadsWhenAskedAndTellsTheOneWhoAsked() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO).reloadEvery(Duration.ZERO));
        assertThat(fileThread.watches()).as("polls").isZero();

        TestCertificates.write(directory, SECOND);
        assertThat(server.reload().join()).isTrue();
        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());

        Breakage.MISSING.apply(directory);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> server.reload().join())
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOf(NetException.class)
                    .hasMessageContaining("does not exist");
        }
    }

    @Test
    void missesNoChangeBetweenTheFirstReadAndTheBeginningOfTheWatch() throws Exception {
        FileTasks late = new FileTasks() {
            @Override
            public Watch watch(Collection<Path> files, Duration period, Runnable check) {
                TestCertificates.write(directory, SECOND);
                return () -> {};
            }

            @Override
            public void execute(Runnable task) {
                task.run();
            }
        };
        LiveTls server = LiveTls.open(config(directory, TlsConfig.Provider.AUTO).build(), late);
        opened.add(server);

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
    }

    @Test
    void watchesEveryFileAtThePeriodGivenUntilItIsClosed() throws Exception {
        Path trust = TestCertificates.write(directory.resolve("trust.pem"), AUTHORITY.getCertificatePEM());
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO)
                .clientCertificates(TlsConfig.ClientCertificates.REQUIRED)
                .trust(trust)
                .reloadEvery(Duration.ofSeconds(7)));

        assertThat(fileThread.watched)
                .containsExactly(directory.resolve("chain.pem"), directory.resolve("key.pem"), trust);
        assertThat(fileThread.period).isEqualTo(Duration.ofSeconds(7));
        server.close();
        assertThat(fileThread.watches()).isZero();
    }

    @Test
    void appliesChangedTrustToTheNextConnectionAndResumesNoOlderSession() throws Exception {
        Path trust = TestCertificates.write(directory.resolve("trust.pem"), AUTHORITY.getCertificatePEM());
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO)
                .clientCertificates(TlsConfig.ClientCertificates.REQUIRED)
                .trust(trust));
        X509Bundle own = TestCertificates.issuedBy(AUTHORITY, "client");
        LiveTls client = open(TlsConfig.client()
                .trust(TestCertificates.root(AUTHORITY))
                .addCertificate(TestCertificates.chain(own), own.getKeyPair().getPrivate()));
        try (TlsPair pair = new TlsPair(server, client, "first")) {
            pair.talk();
        }

        TestCertificates.write(trust, TestCertificates.authority("another").getCertificatePEM());
        fileThread.poll();

        try (TlsPair pair = new TlsPair(server, client, "first")) {
            assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        }
    }

    @Test
    void reloadsTheTrustOfAClient() throws Exception {
        Path trust = TestCertificates.write(directory.resolve("trust.pem"), AUTHORITY.getCertificatePEM());
        LiveTls client = open(TlsConfig.client().trust(trust));
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO));

        TestCertificates.write(trust, TestCertificates.authority("another").getCertificatePEM());
        fileThread.poll();

        try (TlsPair pair = new TlsPair(server, client, "first")) {
            assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        }
    }

    @Test
    void survivesAListenerThatThrows() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.AUTO).listener(new TlsConfig.Listener() {
            @Override
            public void onReload(@Nullable Instant expires) {
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void onReloadFailure(NetException failure) {
                throw new IllegalStateException("on purpose");
            }
        }));

        Breakage.EMPTY.apply(directory);
        fileThread.poll();
        TestCertificates.write(directory, SECOND);
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
    }

    @Test
    void freesAnOpenSslContextWithItsLastConnection() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.OPENSSL));
        TlsPair connection = connect(server);
        ReferenceCountedOpenSslContext context = (ReferenceCountedOpenSslContext) server.currentContext();

        TestCertificates.write(directory, SECOND);
        fileThread.poll();
        assertThat(context.refCnt()).as("held by the connection").isEqualTo(1);

        connection.talk().close();
        assertThat(context.refCnt()).as("after the connection closed").isZero();
    }

    @Test
    void letsGoOfItsContextWhenClosed() throws Exception {
        LiveTls server = open(config(directory, TlsConfig.Provider.OPENSSL));
        ReferenceCountedOpenSslContext context = (ReferenceCountedOpenSslContext) server.currentContext();

        server.close();
        server.close();

        assertThat(context.refCnt()).isZero();
        assertThatThrownBy(() -> server.newHandler(UnpooledByteBufAllocator.DEFAULT, null, -1))
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        e -> assertThat(e.reason()).isEqualTo(RejectedException.Reason.SHUTTING_DOWN));
        TestCertificates.write(directory, SECOND);
        server.reloadIfChanged();
        assertThatThrownBy(() -> server.reload().join()).hasCauseInstanceOf(RejectedException.class);
    }

    @Test
    void losesNoContextWhenItIsClosedDuringAReload() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        List<LiveTls> self = new ArrayList<>();
        TlsSettings settings = TlsSettings.of(config(directory, TlsConfig.Provider.OPENSSL)
                .reloadEvery(Duration.ZERO)
                .build());
        LiveTls server = new LiveTls(settings, fileThread, files -> {
            if (reads.incrementAndGet() == 3) {
                // The second read was torn, the third is whole, and meanwhile somebody closes.
                TestCertificates.write(directory, SECOND);
                self.get(0).close();
            }
            return FileSnapshot.read(files);
        });
        self.add(server);

        Breakage.FOREIGN_KEY.apply(directory);
        assertThatThrownBy(() -> server.reload().join()).hasCauseInstanceOf(RejectedException.class);

        assertThat(server.currentContext()).isNull();
        assertThat(recorder.reloads).isEmpty();
    }

    @Test
    void failsToOpenWithAMessageThatNamesTheFile() {
        assertThatThrownBy(() -> open(config(directory.resolve("absent"), TlsConfig.Provider.AUTO)))
                .isInstanceOfSatisfying(
                        NetException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TLS_CERTIFICATE))
                .hasMessageContaining("absent")
                .hasMessageContaining("does not exist");
    }

    @Test
    void readsAgainWhatChangedWhileItWasRead() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        TlsSettings settings =
                TlsSettings.of(config(directory, TlsConfig.Provider.AUTO).build());
        LiveTls server = new LiveTls(settings, fileThread, files -> {
            FileSnapshot seen = FileSnapshot.read(files);
            if (reads.incrementAndGet() == 3) {
                // The copy that had replaced the chain only goes on with the key.
                TestCertificates.write(directory.resolve("key.pem"), SECOND.getPrivateKeyPEM());
            }
            return seen;
        });
        opened.add(server);

        TestCertificates.write(directory.resolve("chain.pem"), SECOND.getCertificatePathPEM());
        fileThread.poll();

        assertThat(shown(server)).isEqualTo(SECOND.getCertificate());
        assertThat(server.stats().failedReloads()).isZero();
    }
}
