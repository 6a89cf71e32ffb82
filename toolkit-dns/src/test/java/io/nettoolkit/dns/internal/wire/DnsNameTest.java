package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.DnsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DnsNameTest {

    @ParameterizedTest
    @CsvSource({
        "www.example.com, www.example.com, www.example.com.",
        "www.example.com., www.example.com, www.example.com.",
        "WWW.Example.com, www.example.com, www.example.com.",
        "a_b-1.test, a_b-1.test, a_b-1.test.",
        "\\119ww.test, www.test, www.test.",
        "a\\.b.test, a\\.b.test, a\\.b.test.",
        "., ., .",
    })
    void keyAndTextAreTheSameHoweverTheNameIsSpelled(String given, String key, String text) throws DnsException {
        DnsName name = DnsName.of(given);
        assertThat(name.key()).isEqualTo(key);
        assertThat(name).hasToString(text);

        DnsName textFirst = DnsName.of(given);
        assertThat(textFirst).hasToString(text).isEqualTo(name);
        assertThat(textFirst.key()).isEqualTo(key);
    }

    @Test
    void aNameThatIsItsKeyAlreadyNeedsNoOtherString() throws DnsException {
        String given = String.join(".", "www", "example", "com");
        assertThat(DnsName.of(given).key()).isSameAs(given);
    }

    @Test
    void parentsHaveKeysOfTheirOwn() throws DnsException {
        assertThat(DnsName.of("www.example.com").parent().key()).isEqualTo("example.com");
        assertThat(DnsName.of("com").parent().key()).isEqualTo(".");
    }
}
