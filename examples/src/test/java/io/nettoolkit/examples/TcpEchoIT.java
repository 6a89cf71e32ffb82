package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.Transport;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The echo server as outsiders use it: from a shell, with their own clients. */
class TcpEchoIT {

    private static final int SIGTERM_STATUS = 128 + 15;
    private static final int TIMEOUT_MILLIS = 30_000;

    @ParameterizedTest
    @EnumSource(Transport.class)
    void servesAnyClientAndDrainsOnSigterm(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable(), () -> String.valueOf(transport.unavailabilityCause()));
        String name = transport.name().toLowerCase(Locale.ROOT);
        try (ChildProgram server =
                ChildProgram.jar("tcp-echo", "--serve", "--port", "0", "--threads", "1", "--transport", name)) {
            Endpoint endpoint = Endpoint.parse(server.awaitLine("ready "));
            try (Socket client = new Socket(endpoint.host(), endpoint.port())) {
                client.setSoTimeout(TIMEOUT_MILLIS);
                byte[] message = "four bytes of length, then this".getBytes(StandardCharsets.UTF_8);
                DataOutputStream out = new DataOutputStream(client.getOutputStream());
                out.writeInt(message.length);
                out.write(message);
                DataInputStream in = new DataInputStream(client.getInputStream());
                assertThat(in.readInt()).isEqualTo(message.length);
                assertThat(in.readNBytes(message.length)).isEqualTo(message);

                server.terminate();

                assertThat(in.read()).as("a FIN, not a reset").isEqualTo(-1);
            }
            ChildProgram.Result result = server.finish();
            assertThat(result.out()).last().isEqualTo("drained: 1 ended in order, 0 cut");
            assertThat(result.status()).isEqualTo(SIGTERM_STATUS);
        }
    }

    @Test
    void asksAServerElsewhereThroughTls(@TempDir Path directory) throws Exception {
        String certificate = directory.resolve("cert.pem").toString();
        try (ChildProgram server = ChildProgram.jar("tcp-echo", "--serve", "--tls", "--certificate", certificate)) {
            String endpoint = server.awaitLine("ready ");
            try (ChildProgram client =
                    ChildProgram.jar("tcp-echo", "--connect", endpoint, "--tls", "--certificate", certificate)) {
                ChildProgram.Result result = client.finish();

                assertThat(result.status()).as(result.toString()).isZero();
                assertThat(result.out())
                        .hasSize(2)
                        .last()
                        .asString()
                        .startsWith("10,000 frames came back unchanged and in order in ");
            }
        }
    }

    @Test
    void trustsOnlyTheCertificateItWasGiven(@TempDir Path directory) throws Exception {
        String certificate = directory.resolve("cert.pem").toString();
        try (ChildProgram server = ChildProgram.jar("tcp-echo", "--serve", "--tls", "--certificate", certificate)) {
            String endpoint = server.awaitLine("ready ");
            assertThat(Files.readString(Path.of(certificate))).startsWith("-----BEGIN CERTIFICATE-----");
            try (ChildProgram client = ChildProgram.jar("tcp-echo", "--connect", endpoint, "--tls")) {
                ChildProgram.Result result = client.finish();

                assertThat(result.status()).isEqualTo(1);
                assertThat(result.err()).contains("TLS_CERTIFICATE");
            }
        }
    }
}
