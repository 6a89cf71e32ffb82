package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar tls-reload
 * Output:
 *   first client sees  CN=monday
 *   the files change:  loaded
 *   second client sees CN=tuesday
 *   first client:      its connection lives on
 *   the files break:   TLS_CERTIFICATE, the old certificate stays in use
 *   third client sees  CN=tuesday
 */

/**
 * A server whose certificate is renewed while it runs: it looks at the files, new connections get the new certificate,
 * open ones live on, and files that cannot be used change nothing.
 */
@Command(
        name = "tls-reload",
        description = "Renews a certificate under a running server, and breaks it.",
        mixinStandardHelpOptions = true)
public final class TlsReload implements Callable<Integer> {

    private static final Framing FRAMING = Framing.line(1_000);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final BlockingQueue<String> reloads = new LinkedTransferQueue<>();
    private final BlockingQueue<String> answers = new LinkedTransferQueue<>();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new TlsReload(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        X509Bundle authority = new CertificateBuilder()
                .subject("CN=authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Path directory = Files.createTempDirectory("tls-reload");
        Path chain = directory.resolve("chain.pem");
        Path key = directory.resolve("key.pem");
        try {
            renew(authority, "CN=monday", chain, key);
            TlsConfig tls = TlsConfig.server(chain, key)
                    .reloadEvery(Duration.ofMillis(100))
                    .listener(new Reloads())
                    .build();
            FrameHandler echo = (connection, frame) -> connection.send(frame.retain());
            try (TcpServer server = TcpServer.builder(FRAMING, echo).tls(tls).build()) {
                server.bind(Endpoint.of("127.0.0.1", 0)).join();
                renewAndBreak(server, authority, chain, key);
            }
        } finally {
            Files.deleteIfExists(chain);
            Files.deleteIfExists(key);
            Files.delete(directory);
        }
        return 0;
    }

    private void renewAndBreak(TcpServer server, X509Bundle authority, Path chain, Path key) throws Exception {
        try (TcpClient first = client(authority)) {
            Connection connection = connect(first, server);
            System.out.println("first client sees  " + subject(connection));

            renew(authority, "CN=tuesday", chain, key);
            System.out.println("the files change:  " + next(reloads));
            seeWithNewClient("second", server, authority);

            connection.send(Unpooled.copiedBuffer("its connection lives on", UTF_8));
            System.out.println("first client:      " + next(answers));

            replace(chain, "this is no certificate");
            System.out.println("the files break:   " + next(reloads) + ", the old certificate stays in use");
            seeWithNewClient("third", server, authority);
        }
    }

    /** A new client, because a known one would resume its session, and a resumed session shows no certificate. */
    private void seeWithNewClient(String which, TcpServer server, X509Bundle authority) throws IOException {
        try (TcpClient client = client(authority)) {
            System.out.printf("%-19s%s%n", which + " client sees", subject(connect(client, server)));
        }
    }

    private TcpClient client(X509Bundle authority) {
        TlsConfig tls =
                TlsConfig.client().trust(authority.getCertificatePathList()).build();
        return TcpClient.builder(FRAMING, (connection, frame) -> answers.add(frame.toString(UTF_8)))
                .tls(tls)
                .build();
    }

    private static Connection connect(TcpClient client, TcpServer server) {
        Endpoint endpoint = Endpoint.of("127.0.0.1", server.localAddress().getPort());
        return client.connect(endpoint, Deadline.after(TIMEOUT)).join();
    }

    private static String subject(Connection connection) throws SSLPeerUnverifiedException {
        SslHandler tls = connection.channel().pipeline().get(SslHandler.class);
        X509Certificate certificate =
                (X509Certificate) tls.engine().getSession().getPeerCertificates()[0];
        return certificate.getSubjectX500Principal().getName();
    }

    private static void renew(X509Bundle authority, String subject, Path chain, Path key) throws Exception {
        X509Bundle renewed = new CertificateBuilder()
                .subject(subject)
                .addSanIpAddress("127.0.0.1")
                .buildIssuedBy(authority);
        replace(key, renewed.getPrivateKeyPEM());
        replace(chain, renewed.getCertificatePathPEM());
    }

    /** As every tool that renews certificates should: readers see the old file or the new one, never half of one. */
    private static void replace(Path file, String contents) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, contents);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String next(BlockingQueue<String> queue) throws IOException, InterruptedException {
        String next = queue.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new IOException("nothing happened for " + TIMEOUT.toSeconds() + " s");
        }
        return next;
    }

    /** Called on the toolkit's file thread. */
    private final class Reloads implements TlsConfig.Listener {

        @Override
        public void onReload(@Nullable Instant expires) {
            reloads.add("loaded");
        }

        @Override
        public void onReloadFailure(NetException failure) {
            reloads.add(failure.kind().toString());
        }
    }
}
