package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.testkit.FakeDnsServer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code dns-lookup} prints and exits with, at a server of the test's. */
class DnsLookupIT {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "web.example|A||0|web.example. 300 A 192.0.2.1",
                "web.example|A|--tcp|0|web.example. 300 A 192.0.2.1",
                "web.example|MX||1|web.example. has no MX",
                "gone.example|A||1|gone.example. does not exist"
            })
    void printsTheAnswerAndSaysByItsStatusWhetherThereIsOne(
            String name, String type, String option, int status, String line) throws Exception {
        try (FakeDnsServer dns = FakeDnsServer.start()) {
            dns.records(
                    "example. 300 SOA ns.example. admin.example. 1 7200 3600 86400 60", "web.example. 300 A 192.0.2.1");
            ChildProgram.Result result = lookUp(dns.address(), name, type, option);

            assertThat(result.out()).as(result.toString()).containsExactly(line);
            assertThat(result.status()).isEqualTo(status);
            assertThat(dns.queries())
                    .allMatch(query -> (query.transport() == FakeDnsServer.Transport.TCP) == "--tcp".equals(option));
        }
    }

    @Test
    void failsWhereNobodyAnswers() throws Exception {
        InetSocketAddress gone;
        try (FakeDnsServer dns = FakeDnsServer.start()) {
            gone = dns.address();
        }
        ChildProgram.Result result = lookUp(gone, "web.example", "A", null);

        assertThat(result.status()).as(result.toString()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("web.example");
    }

    private static ChildProgram.Result lookUp(InetSocketAddress server, String name, String type, String option)
            throws Exception {
        List<String> arguments =
                new ArrayList<>(List.of("dns-lookup", name, type, "--server", "127.0.0.1:" + server.getPort()));
        if (option != null) {
            arguments.add(option);
        }
        try (ChildProgram program = ChildProgram.jar(arguments.toArray(String[]::new))) {
            return program.finish();
        }
    }
}
