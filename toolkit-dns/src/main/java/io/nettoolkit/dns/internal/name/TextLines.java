package io.nettoolkit.dns.internal.name;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of words in a file of any bytes: lines end in LF, CR LF or CR, words in blanks. A mark of UTF-8 at the beginning
 * is skipped, bytes that are no UTF-8 become replacement characters, and the file's text is never copied as a whole.
 */
final class TextLines {

    private final byte[] content;
    private int at;
    private int lineEnd;
    private int nextLine;
    private boolean hasNul;

    TextLines(byte[] content) {
        this.content = content;
        boolean mark = content.length >= 3
                && content[0] == (byte) 0xEF
                && content[1] == (byte) 0xBB
                && content[2] == (byte) 0xBF;
        nextLine = mark ? 3 : 0;
    }

    /** Goes to the next line; false at the end of the file. */
    boolean next() {
        if (nextLine >= content.length) {
            return false;
        }
        at = nextLine;
        lineEnd = at;
        hasNul = false;
        while (lineEnd < content.length && content[lineEnd] != '\n' && content[lineEnd] != '\r') {
            hasNul |= content[lineEnd] == 0;
            lineEnd++;
        }
        nextLine = lineEnd + 1;
        if (nextLine < content.length && content[lineEnd] == '\r' && content[nextLine] == '\n') {
            nextLine++;
        }
        return true;
    }

    /** Whether the line has a NUL, at which a C library would stop reading and we would not. */
    boolean hasNul() {
        return hasNul;
    }

    /** The next word of the line; null for none. */
    @Nullable
    String word() {
        while (at < lineEnd && isBlank(content[at])) {
            at++;
        }
        if (at == lineEnd) {
            return null;
        }
        int from = at;
        while (at < lineEnd && !isBlank(content[at])) {
            at++;
        }
        return new String(content, from, at - from, StandardCharsets.UTF_8);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == 0x0B || b == 0x0C;
    }
}
