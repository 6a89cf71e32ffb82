package io.nettoolkit.benchmarks.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps the contestants from rotting. */
class ContestantTest {

    static Stream<Contestant> inJvm() {
        return Arrays.stream(Contestant.values()).filter(Contestant::isJava);
    }

    @ParameterizedTest
    @MethodSource("inJvm")
    void echoesFramesFaithfully(Contestant contestant) throws IOException {
        try (EchoServer server = contestant.start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            for (int length : new int[] {1, 64, 100_000}) {
                byte[] payload = payload(length);
                out.writeInt(length);
                out.write(payload);
                assertThat(in.readInt()).isEqualTo(length);
                assertThat(in.readNBytes(length)).isEqualTo(payload);
            }
        }
    }

    @Test
    void isFoundByItsLabel() {
        for (Contestant contestant : Contestant.values()) {
            assertThat(Contestant.of(contestant.label())).isSameAs(contestant);
        }
    }

    @Test
    void namesTheChoicesWhenTheLabelIsUnknown() {
        assertThatThrownBy(() -> Contestant.of("nobody"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("contestant: nobody")
                .hasMessageContaining("vertx");
    }

    @Test
    void refusesToRunGoInsideTheJvm() {
        assertThatThrownBy(Contestant.GO::start).isInstanceOf(IllegalStateException.class);
    }

    private static byte[] payload(int length) {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) (i * 31);
        }
        return payload;
    }
}
