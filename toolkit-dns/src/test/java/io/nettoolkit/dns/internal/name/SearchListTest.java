package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SearchListTest {

    private static List<String> candidates(String name, int ndots, String... search) throws DnsException {
        List<DnsName> suffixes = new ArrayList<>();
        for (String suffix : search) {
            suffixes.add(DnsName.of(suffix));
        }
        return SearchList.candidates(name, suffixes, ndots).stream()
                .map(DnsName::key)
                .toList();
    }

    @Test
    void appendsFirstWhereDotsAreFew() throws DnsException {
        assertThat(candidates("web", 1, "a.example", "b.example"))
                .containsExactly("web.a.example", "web.b.example", "web");
        assertThat(candidates("web.x", 2, "a.example")).containsExactly("web.x.a.example", "web.x");
    }

    @Test
    void triesTheNameItselfFirstWhereDotsAreEnough() throws DnsException {
        assertThat(candidates("web.x", 1, "a.example")).containsExactly("web.x", "web.x.a.example");
        assertThat(candidates("web", 0, "a.example")).containsExactly("web", "web.a.example");
    }

    @Test
    void hasTheListOfAPodOfKubernetes() throws DnsException {
        assertThat(candidates("api", 5, "ns.svc.cluster.local", "svc.cluster.local", "cluster.local"))
                .containsExactly("api.ns.svc.cluster.local", "api.svc.cluster.local", "api.cluster.local", "api");
        assertThat(candidates("example.com.", 5, "ns.svc.cluster.local")).containsExactly("example.com");
    }

    @Test
    void takesANameWithADotAtItsEndAsItIs() throws DnsException {
        assertThat(candidates("web.", 5, "a.example")).containsExactly("web");
        assertThat(candidates(".", 5, "a.example")).containsExactly(".");
        assertThat(candidates("web\\.", 5, "a.example")).containsExactly("web\\..a.example", "web\\.");
    }

    @Test
    void leavesOutWhatBecomesTooLong() throws DnsException {
        String name = ("a".repeat(60) + ".").repeat(3) + "a";
        assertThat(candidates(name, 15, "b".repeat(63) + ".example", "ok.example"))
                .containsExactly(name + ".ok.example", name);
    }

    @Test
    void refusesABadName() {
        assertThatExceptionOfType(DnsException.class).isThrownBy(() -> candidates("a..b", 1, "a.example"));
    }
}
