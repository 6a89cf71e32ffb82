package io.nettoolkit.core.internal.transport;

import io.nettoolkit.core.Transport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which jar holds the library of a native transport on this machine, for messages that tell what to add.
 *
 * @param name the transport as Netty's artifacts spell it
 * @param library the library's name without architecture
 * @param systems the beginnings of the {@code os.name}s it runs on
 * @param needed those systems in words
 */
record NativeArtifact(String name, String library, String systems, String needed) {

    /** A transport is an optional module, and the module system leaves out what nobody asked for. */
    private static final boolean ON_MODULE_PATH =
            NativeArtifact.class.getModule().isNamed();

    private static final String OS = System.getProperty("os.name", "an unknown system");

    static @Nullable NativeArtifact of(Transport transport) {
        return switch (transport) {
            case IO_URING -> new NativeArtifact("io_uring", "io_uring42", "linux", "Linux");
            case EPOLL -> new NativeArtifact("epoll", "epoll", "linux", "Linux");
            case KQUEUE -> new NativeArtifact("kqueue", "kqueue", "mac,freebsd,openbsd,netbsd", "macOS or a BSD");
            case NIO -> null;
        };
    }

    boolean isMadeForThisSystem() {
        String os = OS.toLowerCase(Locale.ROOT);
        for (String system : systems.split(",", -1)) {
            if (os.startsWith(system)) {
                return true;
            }
        }
        return false;
    }

    UnsupportedOperationException needsAnotherSystem() {
        return new UnsupportedOperationException(name + " needs " + needed + "; this is " + OS);
    }

    /** Tells a jar that is missing from a system that does not let the transport run. */
    UnsupportedOperationException explain(Throwable cause) {
        String text;
        if (cause instanceof NoClassDefFoundError || cause instanceof ClassNotFoundException) {
            text = name
                    + (ON_MODULE_PATH ? " is not among the modules: " : " is not on the class path: ")
                    + whatToAdd();
        } else if (cause instanceof LinkageError && !isLibraryPackaged()) {
            text = name + " finds no native library: " + whatToAdd();
        } else {
            text = name + " cannot be used here: " + rootMessage(cause);
        }
        return new UnsupportedOperationException(text, cause);
    }

    private String whatToAdd() {
        String text = "add io.netty:netty-transport-native-" + name + " with the classifier " + classifier()
                + ", in the version of the other Netty jars";
        return ON_MODULE_PATH
                ? text + ", and start with --add-modules io.netty.transport.classes." + name + ",io.netty.transport."
                        + name + "." + classifier().replace('-', '.')
                : text;
    }

    private boolean isLibraryPackaged() {
        String suffix = OS.toLowerCase(Locale.ROOT).startsWith("mac") ? ".jnilib" : ".so";
        String resource = "META-INF/native/libnetty_transport_native_" + library + "_" + architecture() + suffix;
        ClassLoader loader = io.netty.channel.Channel.class.getClassLoader();
        return loader != null && loader.getResource(resource) != null;
    }

    private static String classifier() {
        String os = OS.toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "osx" : os) + "-" + architecture();
    }

    private static String architecture() {
        String arch = System.getProperty("os.arch", "unknown").toLowerCase(Locale.ROOT);
        return switch (arch) {
            case "amd64", "x86_64", "x64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch_64";
            default -> arch;
        };
    }

    private static String rootMessage(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.getMessage() != null ? root.getMessage() : root.toString();
    }
}
