package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.nettoolkit.testkit.LeakingTests.BlockedThread;
import io.nettoolkit.testkit.LeakingTests.Clean;
import io.nettoolkit.testkit.LeakingTests.ClosesLate;
import io.nettoolkit.testkit.LeakingTests.DescribesNested;
import io.nettoolkit.testkit.LeakingTests.LeakyBuffer;
import io.nettoolkit.testkit.LeakingTests.LeakyChannel;
import io.nettoolkit.testkit.LeakingTests.LeakyComposite;
import io.nettoolkit.testkit.LeakingTests.LeakyDatagramSocket;
import io.nettoolkit.testkit.LeakingTests.LeakyEventLoop;
import io.nettoolkit.testkit.LeakingTests.LeakyUnixSocket;
import io.nettoolkit.testkit.LeakingTests.OneLeakyMethod;
import io.nettoolkit.testkit.LeakingTests.PerMethod;
import io.nettoolkit.testkit.LeakingTests.SharedFixture;
import io.nettoolkit.testkit.LeakingTests.SlicedBuffer;
import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.slf4j.LoggerFactory;

/** Runs test classes that leak on purpose, each with the platform's own launcher, and looks at how they fail. */
class LeakCheckIT {

    private final Logger detectorLog = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);

    /** The leaks here are wanted: what Netty logs about them must not look like a leak of this build. */
    @BeforeEach
    void muteTheDetector() {
        detectorLog.setAdditive(false);
    }

    @AfterEach
    void cleanUp() throws Exception {
        LeakingTests.closeLeftovers();
        detectorLog.setAdditive(true);
        detectorLog.setLevel(null);
    }

    @Test
    void passesWhereNothingIsLeftBehind() {
        assertThat(failuresOf(Clean.class)).isEmpty();
    }

    @Test
    void restoresTheDetectorsLevel() {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
        try {
            assertThat(failuresOf(Clean.class)).isEmpty();
            assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.SIMPLE);
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }

    @Test
    void catchesBuffersOfEveryAllocatorWithTheirAccessRecords() {
        assertThat(messageOf(LeakyBuffer.class))
                .startsWith("LeakingTests$LeakyBuffer left behind:")
                .contains("never released: ByteBuf", "LeakingTests$LeakyBuffer.pooledDirect")
                .contains("LeakingTests$LeakyBuffer.pooledHeap")
                .contains("LeakingTests$LeakyBuffer.adaptive")
                .contains("LeakingTests$LeakyBuffer.unpooledDirect");
    }

    @Test
    void catchesTheSameLeakAgainWhenATestIsRepeated() {
        for (int run = 0; run < 3; run++) {
            assertThat(messageOf(LeakingTests.LeakyFirst.class))
                    .contains("LeakyFirst.leaks", "Hint: leaked by LeakingTests$LeakyFirst (check ");
        }
    }

    @Test
    void catchesEveryOneOfManyBuffers() {
        assertThat(messageOf(LeakyComposite.class)).contains("LeakingTests$LeakyComposite.composite");
        assertThat(messageOf(SlicedBuffer.class)).contains("LeakingTests$SlicedBuffer.retainedSlice");
    }

    @Test
    void catchesALeakThoughTheLevelWasLow() {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try {
            assertThat(messageOf(LeakingTests.LeakyWhileDisabled.class)).contains("LeakyWhileDisabled.leaks");
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }

    @Test
    void aClassAfterALeakyOneIsCleanAgain() {
        assertThat(messageOf(LeakingTests.LeakyFirst.class)).contains("LeakyFirst.leaks");
        for (int run = 0; run < 5; run++) {
            assertThat(failuresOf(Clean.class)).isEmpty();
        }
    }

    @Test
    void saysThatBuffersCannotBeCheckedWhileTheDetectorsLogIsOff() {
        detectorLog.setLevel(Level.OFF);
        assertThat(messageOf(Clean.class)).contains("buffer leaks cannot be checked", "enable level ERROR");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void catchesAnOpenChannelAndNamesItsAddress() {
        assertThat(messageOf(LeakyChannel.class))
                .contains("a socket is still open: tcp", "127.0.0.1:" + LeakyChannel.port, "LISTEN")
                .contains("ESTABLISHED");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void catchesSocketsThatNoChannelOwns() {
        assertThat(messageOf(LeakyDatagramSocket.class))
                .contains("a socket is still open: udp", ":" + LeakyDatagramSocket.port);
        assertThat(messageOf(LeakyUnixSocket.class))
                .contains("a socket is still open: unix")
                .contains("a socket is still open: neither bound nor connected");
    }

    @Test
    void catchesAThreadAndShowsWhereItStandsAndWhichTestStartedIt() {
        assertThat(messageOf(BlockedThread.class))
                .contains("thread \"left-behind\" still runs (WAITING, started during blocksForEver())")
                .contains("at java.base")
                .doesNotContain("globalEventExecutor");
    }

    @Test
    void catchesAnEventLoopThatWasNotShutDown() {
        assertThat(messageOf(LeakyEventLoop.class)).contains("thread \"leaky-loop-");
    }

    @Test
    void allowsThreadsByPrefix() {
        assertThat(failuresOf(LeakingTests.AllowedThread.class)).isEmpty();
    }

    @Test
    void waitsForWhatClosesLate() {
        assertThat(failuresOf(ClosesLate.class)).isEmpty();
    }

    @Test
    void checksAClassAsAWholeSoThatTestsMayShareAFixture() {
        assertThat(failuresOf(SharedFixture.class)).isEmpty();
    }

    @Test
    void checksNestedClassesTogetherWithTheirOutermostOne() {
        assertThat(failuresOf(DescribesNested.class)).isEmpty();
    }

    @Test
    void checksEachTestWhenRegisteredInAnInstanceField() {
        EngineExecutionResults results = run(PerMethod.class);
        assertThat(results.testEvents().failed().stream())
                .singleElement()
                .satisfies(event ->
                        assertThat(event.getTestDescriptor().getDisplayName()).isEqualTo("leaks()"));
        assertThat(results.testEvents().succeeded().count()).isEqualTo(1);
    }

    @Test
    void checksASingleTestWhenItAloneIsAnnotated() {
        EngineExecutionResults results = run(OneLeakyMethod.class);
        assertThat(results.testEvents().failed().count()).isEqualTo(1);
        assertThat(results.containerEvents().failed().count()).isZero();
    }

    @Test
    void refusesBadOptions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeakCheck().withAllowedThreads(""))
                .withMessageContaining("would allow every thread");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeakCheck().withPatience(Duration.ofMillis(-1)))
                .withMessage("patience: PT-0.001S (must not be negative)");
        assertThatThrownBy(() -> new LeakCheck().withPatience(null)).isInstanceOf(NullPointerException.class);
        assertThat(new LeakCheck().withAllowedThreads("a").withPatience(Duration.ofSeconds(1)))
                .hasToString("LeakCheck(allowedThreads=[a], patience=PT1S)");
    }

    private static String messageOf(Class<?> testClass) {
        List<String> failures = failuresOf(testClass);
        assertThat(failures).as("failures of " + testClass).hasSize(1);
        return failures.get(0);
    }

    private static List<String> failuresOf(Class<?> testClass) {
        EngineExecutionResults results = run(testClass);
        return Stream.concat(results.testEvents().failed().stream(), results.containerEvents().failed().stream())
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow()
                        .getMessage())
                .toList();
    }

    private static EngineExecutionResults run(Class<?> testClass) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(testClass))
                .execute();
    }
}
