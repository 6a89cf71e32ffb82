package io.nettoolkit.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import org.jspecify.annotations.Nullable;

/**
 * Netty's leak detector, with the name of the test scope on each record. Besides telling where a leak comes from, it
 * keeps records of two scopes different: of equal records the detector reports only the first in a JVM, so a second run
 * of a leaky test would pass.
 */
final class ScopedLeakDetector<T> extends ResourceLeakDetector<T> {

    private static volatile @Nullable String scope;

    private ScopedLeakDetector(Class<T> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
    }

    /**
     * Has Netty make its detectors from here on in this way, unless the user chose another kind. A class of Netty that
     * is initialized already keeps the detector it has.
     */
    static void install() {
        if (System.getProperty("io.netty.customResourceLeakDetector") == null) {
            ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Factory());
        }
    }

    /** Names what is tracked from now on, {@code null} for not at all. */
    static void enter(@Nullable String scopeName) {
        scope = scopeName;
    }

    @Override
    protected @Nullable Object getInitialHint(String resourceType) {
        return scope;
    }

    private static final class Factory extends ResourceLeakDetectorFactory {

        @Override
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int samplingInterval) {
            return new ScopedLeakDetector<>(resource, samplingInterval);
        }

        @Override
        @SuppressWarnings("deprecation")
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return newResourceLeakDetector(resource, samplingInterval);
        }
    }
}
