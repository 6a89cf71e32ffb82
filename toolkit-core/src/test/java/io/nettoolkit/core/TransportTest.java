package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportTest {

    @Test
    void nioIsAvailableEverywhere() {
        assertThat(Transport.NIO.isAvailable()).isTrue();
        assertThat(Transport.NIO.unavailabilityCause()).isNull();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void isAvailableExactlyWhenNothingIsMissing(Transport transport) {
        assertThat(transport.isAvailable()).isEqualTo(transport.unavailabilityCause() == null);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void saysThatKqueueNeedsAnotherSystem() {
        assertThat(Transport.KQUEUE.unavailabilityCause()).hasMessage("kqueue needs macOS or a BSD; this is Linux");
    }

    @Test
    void bestPrefersEpollAndNeverTakesIoUring() {
        assumeTrue(Transport.EPOLL.isAvailable());
        assertThat(Transport.best()).isEqualTo(Transport.EPOLL);
    }
}
