package io.nettoolkit.verification;

import static io.nettoolkit.verification.Reactor.children;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The rules on size stay rules: at most two files are excused from them. */
class CheckstyleTest {

    private static final Pattern SUPPRESSED_FILE = Pattern.compile("<property name=\"files\" value=\"([^\"]*)\"/>");

    @Test
    void excusesAtMostTwoFiles() throws Exception {
        String rules =
                Files.readString(Reactor.ROOT.resolve("config/checkstyle.xml")).replaceAll("(?s)<!--.*?-->", "");
        List<String> files = SUPPRESSED_FILE
                .matcher(rules)
                .results()
                .map(result -> result.group(1))
                .filter(file -> file.endsWith("\\.java"))
                .toList();

        assertThat(files).as("suppressed in config/checkstyle.xml").hasSizeLessThanOrEqualTo(2);
        Matcher others = Pattern.compile("SuppressionFilter|SuppressWarningsFilter|SuppressionCommentFilter")
                .matcher(rules);
        assertThat(others.find())
                .as("a second way to suppress, which this test would not count")
                .isFalse();
    }

    @Test
    void isNotSwitchedOffByAnyModule() {
        assertThat(Reactor.modules())
                .noneMatch(module -> !module.property("checkstyle.skip").isEmpty())
                .allMatch(module -> children(module.pom(), "build", "plugins", "plugin").stream()
                        .noneMatch(plugin -> Reactor.text(plugin, "artifactId").equals("maven-checkstyle-plugin")));
    }
}
