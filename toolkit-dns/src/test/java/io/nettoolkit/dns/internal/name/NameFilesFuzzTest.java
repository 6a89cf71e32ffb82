package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Any bytes as a file. Without {@code JAZZER_FUZZ=1} in the environment the committed inputs are replayed; with it, and
 * {@code -Dtest='NameFilesFuzzTest#readsAnyResolvConf'}, new ones are looked for.
 */
class NameFilesFuzzTest {

    @FuzzTest(maxDuration = "11m")
    void readsAnyResolvConf(byte[] content) {
        ResolvConf conf = ResolvConf.parse(content);

        assertThat(conf.nameServers()).isNotEmpty().hasSizeLessThanOrEqualTo(ResolvConf.MAX_SERVERS);
        assertThat(conf.nameServers()).noneMatch(server -> server.isUnresolved() || server.getPort() == 0);
        assertThat(conf.search())
                .hasSizeLessThanOrEqualTo(ResolvConf.MAX_SEARCH)
                .doesNotContain(DnsName.ROOT);
        assertThat(conf.ndots()).isBetween(0, ResolvConf.MAX_NDOTS);
        assertThat(conf.timeout() == null || !conf.timeout().isZero()).isTrue();
        assertThat(conf.attempts()).isBetween(0, 5);
        assertThat(ResolvConf.parse(content)).isEqualTo(conf);
    }

    /** A name is found, in every spelling, or it is not in the file. */
    @FuzzTest(maxDuration = "11m")
    void readsAnyHosts(byte[] content) {
        HostsFile hosts = HostsFile.parse(content);

        int found = 0;
        for (String word : new String(content, StandardCharsets.UTF_8).split("[ \t\f\u000b\r\n#]+", -1)) {
            try {
                DnsName name = GivenName.parse(word);
                List<?> addresses = hosts.addresses(name);
                assertThat(addresses).hasSizeLessThanOrEqualTo(64).doesNotHaveDuplicates();
                assertThat(hosts.addresses(DnsName.of(name.toString()))).isEqualTo(addresses);
                found += addresses.isEmpty() ? 0 : 1;
            } catch (DnsException badName) {
                // Not in the file either.
            }
        }
        assertThat(found > 0).isEqualTo(hosts.size() > 0);
    }

    /** Candidates are names, the name itself is one of them, and none comes twice in a list without repetitions. */
    @FuzzTest(maxDuration = "11m")
    void findsCandidatesOfAnyName(byte[] content) {
        String text = new String(content, StandardCharsets.UTF_8);
        try {
            List<DnsName> search = List.of(DnsName.of("a.example"), DnsName.of("b.example"));
            List<DnsName> candidates = SearchList.candidates(text, search, 2);
            assertThat(candidates)
                    .contains(GivenName.parse(text))
                    .hasSizeBetween(1, 3)
                    .doesNotHaveDuplicates();
        } catch (DnsException badName) {
            assertThat(badName).hasMessageContaining("DNS_BAD_NAME");
        }
        try {
            HostName.literal(text);
        } catch (DnsException badName) {
            assertThat(badName).hasMessageContaining("DNS_BAD_NAME");
        }
    }
}
