package io.nettoolkit.benchmarks.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A Markdown table with aligned columns, readable on a terminal and in a report. */
final class Table {

    private final List<String[]> rows = new ArrayList<>();

    Table(String... header) {
        rows.add(header);
    }

    Table row(String... cells) {
        if (cells.length != rows.get(0).length) {
            throw new IllegalArgumentException("cells: " + cells.length + " (must be " + rows.get(0).length + ")");
        }
        rows.add(cells);
        return this;
    }

    boolean isEmpty() {
        return rows.size() == 1;
    }

    /** The table, ending with a line break; the first column is set left, the others right. */
    @Override
    public String toString() {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        append(text, rows.get(0), widths);
        String[] rule = new String[widths.length];
        Arrays.setAll(rule, i -> "-".repeat(i == 0 ? widths[i] : widths[i] - 1) + (i == 0 ? "" : ":"));
        append(text, rule, widths);
        rows.subList(1, rows.size()).forEach(row -> append(text, row, widths));
        return text.toString();
    }

    private static void append(StringBuilder text, String[] row, int[] widths) {
        for (int i = 0; i < row.length; i++) {
            String gap = " ".repeat(widths[i] - row[i].length());
            text.append("| ").append(i == 0 ? row[i] + gap : gap + row[i]).append(' ');
        }
        text.append("|\n");
    }
}
