package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {

    @Test
    void findsTheSourcesOfThisRepositoryAndNothingThatWasBuilt() throws IOException {
        FileTree tree = FileTree.ofThisRepository();

        assertThat(tree.root()).isEqualTo(ChildProgram.ROOT.toRealPath());
        assertThat(tree.files())
                .map(file -> tree.root().relativize(file).toString())
                .contains("pom.xml", "examples/src/main/java/io/nettoolkit/examples/FileTree.java")
                .noneMatch(file -> file.startsWith(".git/") || file.contains("target/"));
    }

    @Test
    void takesEveryFileOfANamedDirectory(@TempDir Path directory) throws IOException {
        Files.createDirectories(directory.resolve("target/deep"));
        Files.writeString(directory.resolve("target/deep/file"), "12345");
        Files.writeString(directory.resolve(".hidden"), "123");

        FileTree tree = FileTree.of(directory);

        assertThat(tree.files()).hasSize(2);
        assertThat(tree.bytes()).isEqualTo(8);
    }
}
