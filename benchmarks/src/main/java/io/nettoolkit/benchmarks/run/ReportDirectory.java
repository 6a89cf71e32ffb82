package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What {@code --out} leaves behind: {@code report.md}, {@code env.json} and the raw figures as csv. */
final class ReportDirectory {

    private ReportDirectory() {}

    static void write(Path directory, String report, Environment environment, List<String> csv) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("report.md"), report);
            Files.writeString(directory.resolve("env.json"), environment.toJson());
            Files.write(directory.resolve("raw.csv"), csv);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the report to " + directory, e);
        }
    }
}
