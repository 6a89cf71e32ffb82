package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.name.GivenName;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A cache as text, so that one can look into it:
 *
 *     nettoolkit-dns-cache 1
 *     answer www.example.com A 1790000300 1 1 0     name, type, end (seconds since 1970), records, aliases, authenticated
 *     www.example.com. 300 CNAME web.example.com.   first the aliases,
 *     web.example.com. 300 A 192.0.2.1              then the records
 *     end 1                                         how many answers: a file that was cut off shows
 *
 * Times are those of the wall clock, since nothing else means the same in two runs. A clock that was set back cannot make an
 * answer live longer than the TTL of its records.
 */
/** Writes answers to a file and reads them back. */
final class CacheFile {

    private static final String HEAD = "nettoolkit-dns-cache 1";
    /** No answer of DNS has more: a message has 64 KiB. */
    private static final int MOST_RECORDS = 5_000;

    private static final int LONGEST_LINE = 1 << 19;

    /** An answer that was read. */
    record Read(String key, DnsType<?> type, DnsAnswer<?> answer) {}

    private final TimeSource time;
    private final InstantSource wallClock;

    CacheFile(TimeSource time, InstantSource wallClock) {
        this.time = time;
        this.wallClock = wallClock;
    }

    /** Writes a file beside and moves it into place. */
    int write(Path file, List<CacheEntry> entries) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Path beside = Files.createTempFile(directory, ".dns-cache", ".tmp");
        try {
            int written = 0;
            try (BufferedWriter out = Files.newBufferedWriter(beside, StandardCharsets.US_ASCII)) {
                line(out, HEAD);
                for (CacheEntry entry : entries) {
                    DnsAnswer<?> answer = (DnsAnswer<?>) entry.value();
                    if (answer.kind() == DnsAnswer.Kind.ANSWER) {
                        write(out, entry, answer);
                        written++;
                    }
                }
                line(out, "end " + written);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return written;
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private void write(BufferedWriter out, CacheEntry entry, DnsAnswer<?> answer) throws IOException {
        DnsType<?> type = entry.type();
        long ends = wallClock
                .instant()
                .plusNanos(answer.expires().nanos() - time.nanoTime())
                .getEpochSecond();
        line(
                out,
                "answer " + entry.name() + " " + type + " " + ends + " "
                        + answer.records().size() + " " + answer.aliases().size() + " "
                        + (answer.authenticated() ? 1 : 0));
        for (DnsRecord alias : answer.aliases()) {
            line(out, RecordText.of(alias));
        }
        for (DnsRecord record : answer.records()) {
            line(out, RecordText.of(record));
        }
    }

    private static void line(BufferedWriter out, String text) throws IOException {
        out.write(text);
        out.write('\n');
    }

    /**
     * Reads a file.
     *
     * @param maxStaleNanos answers that ended longer ago are left out
     * @param most how many answers the file may have
     */
    List<Read> read(Path file, long maxStaleNanos, int most) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
            return new Reader(file, in, most).read(maxStaleNanos);
        } catch (CharacterCodingException notText) {
            throw failure("cache file " + file + ": not text", notText);
        }
    }

    private static NetException failure(String detail, @Nullable Throwable cause) {
        return NetException.builder(Kind.PROTOCOL, Operation.DECODE)
                .detail(detail + "; nothing was taken in")
                .cause(cause)
                .build();
    }

    private final class Reader {
        private final Path file;
        private final BufferedReader in;
        private final int most;
        private final StringBuilder buffer = new StringBuilder();
        private int lineNumber;

        Reader(Path file, BufferedReader in, int most) {
            this.file = file;
            this.in = in;
            this.most = most;
        }

        List<Read> read(long maxStaleNanos) throws IOException {
            if (!line().equals(HEAD)) {
                throw bad("must begin with \"" + HEAD + "\"", null);
            }
            List<Read> answers = new ArrayList<>();
            int count = 0;
            for (String line = line(); !line.equals("end " + count); line = line()) {
                if (++count > most) {
                    throw bad("more answers than the cache may have, " + most, null);
                }
                try {
                    Read answer = answer(line.split(" ", -1));
                    long ended = time.nanoTime() - answer.answer.expires().nanos();
                    if (ended < maxStaleNanos) {
                        answers.add(answer);
                    }
                } catch (IllegalArgumentException | DateTimeException | ArithmeticException | DnsException malformed) {
                    throw bad(String.valueOf(malformed.getMessage()), malformed);
                }
            }
            return answers;
        }

        private Read answer(String[] words) throws IOException {
            if (words.length != 7 || !words[0].equals("answer")) {
                throw bad("must be \"answer\" and six words, or \"end\" and the number of answers", null);
            }
            String key = GivenName.parse(words[1]).key();
            DnsType<?> type = DnsType.parse(words[2]);
            int recordCount = count(words[4]);
            int aliasCount = count(words[5]);
            List<DnsRecord.Cname> aliases = new ArrayList<>();
            List<DnsRecord> records = new ArrayList<>();
            int lowestTtl = Integer.MAX_VALUE;
            for (int i = 0; i < aliasCount + recordCount; i++) {
                DnsRecord record = RecordText.parse(line());
                lowestTtl = Math.min(lowestTtl, record.ttl());
                if (i >= aliasCount && record.type().equals(type)) {
                    records.add(record);
                } else if (i < aliasCount && record instanceof DnsRecord.Cname alias) {
                    aliases.add(alias);
                } else {
                    throw bad("a record of type " + record.type() + " in an answer of " + type, null);
                }
            }
            Duration left = Duration.between(wallClock.instant(), Instant.ofEpochSecond(Long.parseLong(words[3])));
            Duration atMost = Duration.ofSeconds(lowestTtl);
            Deadline expires = Deadline.after(left.compareTo(atMost) < 0 ? left : atMost, time);
            return new Read(
                    key,
                    type,
                    new DnsAnswer<>(
                            DnsAnswer.Kind.ANSWER,
                            records,
                            aliases,
                            Source.CACHE,
                            null,
                            Duration.ZERO,
                            words[6].equals("1"),
                            expires));
        }

        private int count(String word) {
            int count = Integer.parseInt(word);
            if (count < 0 || count > MOST_RECORDS) {
                throw new IllegalArgumentException("no answer has " + count + " records");
            }
            return count;
        }

        /** The next line, never more of it than a record can have. */
        private String line() throws IOException {
            lineNumber++;
            buffer.setLength(0);
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw bad("the file is cut off", null);
                }
                if (buffer.length() == LONGEST_LINE) {
                    throw bad("the line is too long", null);
                }
                buffer.append((char) c);
            }
            return buffer.toString();
        }

        private NetException bad(String detail, @Nullable Throwable cause) {
            return failure("cache file " + file + ", line " + lineNumber + ": " + detail, cause);
        }
    }
}
