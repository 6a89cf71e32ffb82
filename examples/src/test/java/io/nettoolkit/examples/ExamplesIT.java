package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples do what their headers and the README say, run from the jar as a user runs them. */
class ExamplesIT {

    private static final Path SOURCES = Path.of("src/main/java/io/nettoolkit/examples");
    private static final String RUN_LINE = " *   java -jar examples/target/examples.jar ";
    private static final String ANY_LINES = "...";

    @ParameterizedTest
    @MethodSource("headers")
    void printsWhatItsHeaderSays(Header header) throws Exception {
        try (ChildProgram program = ChildProgram.jar(header.name())) {
            ChildProgram.Result result = program.finish();

            assertThat(result.status()).as(result.toString()).isZero();
            assertThat(String.join("\n", result.out())).matches(header.expectedOutput());
        }
    }

    @Test
    void listsEveryExampleThatHasAHeader() throws Exception {
        try (ChildProgram program = ChildProgram.jar("--list")) {
            assertThat(program.finish().out())
                    .extracting(line -> line.split(" ", 2)[0])
                    .containsExactlyInAnyOrderElementsOf(
                            headers().map(Header::name).toList());
        }
    }

    @Test
    void listsWhatTheReadmeLists() throws Exception {
        List<String> rows = new ArrayList<>();
        Matcher row = Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (.+) \\|$").matcher(section("## Examples"));
        while (row.find()) {
            rows.add(row.group(1) + " " + row.group(2));
        }
        try (ChildProgram program = ChildProgram.jar("--list")) {
            assertThat(program.finish().out())
                    .map(line -> line.replaceFirst(" +", " "))
                    .isEqualTo(rows);
        }
    }

    @Test
    void saysInOneLineWhatIsWrong() throws Exception {
        try (ChildProgram program = ChildProgram.jar("tcp-echo", "--connect", "127.0.0.1:1")) {
            ChildProgram.Result result = program.finish();

            assertThat(result.status()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .startsWith("tcp-echo: ")
                    .contains("CONNECT_REFUSED")
                    .hasLineCount(1);
        }
    }

    private static String section(String title) throws IOException {
        String readme = Files.readString(ChildProgram.ROOT.resolve("README.md"));
        int start = readme.indexOf(title);
        return readme.substring(start, readme.indexOf("\n## ", start));
    }

    static Stream<Header> headers() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.sorted().toList().stream().flatMap(Header::of);
        }
    }

    /** The comment in front of an example: how to run it and what it prints then, with {@code <...>} for what varies. */
    record Header(String name, List<String> output) {

        static Stream<Header> of(Path source) {
            try {
                List<String> lines = Files.readAllLines(source);
                int run = lines.indexOf(" * Run:");
                if (run < 0) {
                    return Stream.empty();
                }
                String name = lines.stream()
                        .filter(line -> line.startsWith(RUN_LINE))
                        .findFirst()
                        .orElseThrow()
                        .substring(RUN_LINE.length())
                        .split(" ", 2)[0];
                List<String> output = lines.subList(lines.indexOf(" * Output:") + 1, lines.size()).stream()
                        .takeWhile(line -> line.startsWith(" *   "))
                        .map(line -> line.substring(" *   ".length()))
                        .toList();
                return Stream.of(new Header(name, output));
            } catch (IOException e) {
                throw new IllegalStateException(source.toString(), e);
            }
        }

        Pattern expectedOutput() {
            StringBuilder pattern = new StringBuilder();
            for (String line : output) {
                if (line.equals(ANY_LINES)) {
                    pattern.append("(\n[^\n]*)*?");
                } else {
                    pattern.append(pattern.isEmpty() ? "" : "\n").append(linePattern(line));
                }
            }
            return Pattern.compile(pattern.toString());
        }

        private static String linePattern(String line) {
            StringBuilder pattern = new StringBuilder();
            Matcher wildcard = Pattern.compile("<[^>]+>").matcher(line);
            int end = 0;
            while (wildcard.find()) {
                pattern.append(Pattern.quote(line.substring(end, wildcard.start())));
                pattern.append(wildcard.group().equals("<n>") ? "[0-9][0-9.,]*" : "[^\n]+");
                end = wildcard.end();
            }
            return pattern.append(Pattern.quote(line.substring(end))).toString();
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
