package io.nettoolkit.core.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What some files look like from outside at one moment: equal to a later stamp when none of them was changed, replaced
 * or removed in between.
 *
 * <p>Symbolic links are followed, those of directories too, so that swapping a link (as Kubernetes does with mounted
 * secrets) shows as another file. Two writes of the same length within the granularity of the file system's time
 * stamps look the same; {@link FileWatch} waits until files have settled for that reason.
 */
public final class FileStamp {

    private final List<State> states;

    private FileStamp(List<State> states) {
        this.states = states;
    }

    /** How the files are now. Reads their attributes: not for an event loop. */
    public static FileStamp of(Collection<Path> files) {
        List<State> states = new ArrayList<>(files.size());
        for (Path file : files) {
            states.add(stateOf(file));
        }
        return new FileStamp(List.copyOf(states));
    }

    /** The same files once more. */
    public FileStamp again() {
        return of(states.stream().map(State::file).toList());
    }

    private static State stateOf(Path file) {
        try {
            Path real = file.toRealPath();
            BasicFileAttributes found = Files.readAttributes(real, BasicFileAttributes.class);
            return new State(file, real, found.fileKey(), found.size(), found.lastModifiedTime());
        } catch (IOException | SecurityException missing) {
            return new State(file, null, null, 0, null);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileStamp that && that.states.equals(states);
    }

    @Override
    public int hashCode() {
        return states.hashCode();
    }

    @Override
    public String toString() {
        return states.toString();
    }

    /** One file; everything is missing when it does not exist or may not be looked at. */
    private record State(
            Path file,
            @Nullable Path real,
            @Nullable Object key,
            long size,
            @Nullable FileTime modified) {}
}
