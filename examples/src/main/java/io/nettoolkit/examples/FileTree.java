package io.nettoolkit.examples;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The regular files of a directory and all below it; links are not followed.
 *
 * @param root where it was looked
 * @param files what was found
 * @param bytes their size together, at that time
 * @param unreadable what could not be looked into, with the reason
 */
record FileTree(Path root, List<Path> files, long bytes, Map<Path, String> unreadable) {

    private static final Set<String> NOT_SOURCES = Set.of(".git", "target");

    /**
     * Every file under a directory.
     *
     * @throws IOException with a plain message, where there is none
     */
    static FileTree of(Path directory) throws IOException {
        return walk(directory, Set.of());
    }

    /** The sources this program was built from, wherever it was started. */
    static FileTree ofThisRepository() throws IOException {
        for (Path start : List.of(placeOfThisClass(), Path.of("").toAbsolutePath())) {
            for (Path place = start; place != null; place = place.getParent()) {
                if (Files.isRegularFile(place.resolve("toolkit-core/pom.xml"))) {
                    return walk(place, NOT_SOURCES);
                }
            }
        }
        throw new IOException("the repository is not here; name a directory with -Dinput=DIR");
    }

    private static Path placeOfThisClass() throws IOException {
        try {
            return Path.of(FileTree.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IOException("cannot find out where the program is; name a directory with -Dinput=DIR", e);
        }
    }

    private static FileTree walk(Path directory, Set<String> skipped) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException(
                    "input: " + directory + (Files.exists(directory) ? " is not a directory" : " does not exist"));
        }
        Path root = directory.toRealPath();
        Collector found = new Collector(root, skipped);
        Files.walkFileTree(root, found);
        if (found.files.isEmpty() && found.unreadable.isEmpty()) {
            throw new IOException("input: " + directory + " has no files in it");
        }
        return new FileTree(root, found.files, found.bytes, found.unreadable);
    }

    private static final class Collector extends SimpleFileVisitor<Path> {

        private final Path root;
        private final Set<String> skipped;
        private final List<Path> files = new ArrayList<>();
        private final Map<Path, String> unreadable = new LinkedHashMap<>();
        private long bytes;

        Collector(Path root, Set<String> skipped) {
            this.root = root;
            this.skipped = skipped;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            boolean skip = !directory.equals(root)
                    && skipped.contains(directory.getFileName().toString());
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile()
                    && !skipped.contains(file.getFileName().toString())) {
                files.add(file);
                bytes += attributes.size();
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) {
            unreadable.put(file, FileReport.reason(failure));
            return FileVisitResult.CONTINUE;
        }
    }
}
