package io.nettoolkit.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import jdk.jfr.FlightRecorder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The first event class that a JVM registers starts its flight recorder, which takes a few hundred milliseconds. That is to
 * happen where a policy is built, and not at its first change or refusal, which may be on an event loop.
 */
class PolicyEventsTest {

    /** What builds one. Public for the sake of the other class loader. */
    public enum Policy implements Runnable {
        CIRCUIT_BREAKER {
            @Override
            public void run() {
                CircuitBreaker.builder().build();
            }
        },
        RATE_LIMITER {
            @Override
            public void run() {
                RateLimiter.fixedWindow(1, Duration.ofSeconds(1)).build();
            }
        },
        KEYED_RATE_LIMITER {
            @Override
            public void run() {
                KeyedRateLimiter.<String>builder(1, Duration.ofSeconds(1))
                        .maxKeys(1_000)
                        .build();
            }
        },
        DISTRIBUTED_RATE_LIMITER {
            @Override
            public void run() {
                DistributedRateLimiter.builder(
                                TokenStore.inProcess(),
                                "key",
                                1,
                                Duration.ofSeconds(1),
                                DistributedRateLimiter.Outage.failOpen())
                        .build();
            }
        },
        BULKHEAD {
            @Override
            public void run() {
                Bulkhead.builder(1).build();
            }
        },
        ADAPTIVE_LIMIT {
            @Override
            public void run() {
                AdaptiveLimit.vegas().build();
            }
        },
        LOAD_SHEDDER {
            @Override
            public void run() {
                LoadShedder.builder().build();
            }
        },
        OUTLIER_DETECTOR {
            @Override
            public void run() {
                OutlierDetector.<String>builder().build();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void areRegisteredWhenAPolicyIsBuilt(Policy policy) throws Exception {
        Class<?> apart = Class.forName(Policy.class.getName(), true, new OnlyOurs());
        Runnable same = (Runnable) apart.getField(policy.name()).get(null);
        long before = registered();

        same.run();

        assertThat(registered() - before).isEqualTo(2);
    }

    private static long registered() {
        return FlightRecorder.getFlightRecorder().getEventTypes().stream()
                .filter(type -> type.getName().startsWith("io.nettoolkit.Policy"))
                .count();
    }

    /** The toolkit's classes once more, so that the event classes among them are new to the flight recorder. */
    private static final class OnlyOurs extends ClassLoader {

        OnlyOurs() {
            super(PolicyEventsTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.nettoolkit.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException broken) {
                throw new ClassNotFoundException(name, broken);
            }
        }
    }
}
