package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFileTest {

    @TempDir
    Path dir;

    private final ManualTime time = ManualTime.create();
    private final EventLoop loop = time.newEventLoopGroup().next();
    private Instant wallStart = Instant.parse("2026-11-21T12:00:00Z");
    private final AnswerCache cache = newCache();
    private final DnsCache kept = view(cache);

    @AfterEach
    void close() {
        time.close();
    }

    private AnswerCache newCache() {
        return new AnswerCache(CacheRules.of(DnsCache.Config.defaults()), TimeSource.of(time.ticker()), new Random(1));
    }

    private DnsCache view(AnswerCache of) {
        return new KeptAnswers(of, TimeSource.of(time.ticker()), () -> wallStart.plus(time.elapsed()), () -> loop);
    }

    private static int get(CompletableFuture<Integer> future) throws Exception {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private void storeOneOfEach() {
        String name = "a.example.";
        List<DnsRecord> records = List.of(
                Responses.addresses("a.example", 300, "192.0.2.1").records().get(0),
                Responses.addresses("a.example", 300, "2001:db8::1").records().get(0),
                new DnsRecord.Ns(name, 300, "NS.example."),
                new DnsRecord.Cname(name, 300, "b\\.c\\032d.example."),
                new DnsRecord.Soa(name, 300, "ns.example.", "root.example.", 0xffff_ffffL, 1, 2, 3, 4),
                new DnsRecord.Ptr(name, 300, "."),
                new DnsRecord.Mx(name, 300, 10, "mail.example."),
                new DnsRecord.Txt(name, 300, List.of("v=spf1 \"x\" \\ \u00ff\n", "")),
                new DnsRecord.Srv(name, 300, 1, 2, 65535, "srv.example."),
                new DnsRecord.Svcb(name, 300, DnsType.SVCB, 0, "other.example.", List.of()),
                new DnsRecord.Svcb(
                        name,
                        300,
                        DnsType.HTTPS,
                        1,
                        ".",
                        List.of(new SvcParam(1, new byte[] {2, 'h', '2'}), new SvcParam(700, new byte[] {0, -1, '"'}))),
                new DnsRecord.Caa(name, 300, 128, "issue", "ca.example; \"x\""),
                new DnsRecord.Opaque(name, 300, DnsType.opaque(65280), new byte[] {0, 1, -1}));
        for (DnsRecord record : records) {
            cache.store(Responses.records("a.example", record.type(), List.of(record), List.of()));
        }
        DnsRecord.Cname alias = new DnsRecord.Cname("alias.example.", 60, "a.example.");
        cache.store(Responses.records("alias.example", DnsType.A, List.of(records.get(0)), List.of(alias)));
        cache.store(Responses.nothing("gone.example", DnsType.A, DnsAnswer.Kind.NXDOMAIN, 300, 300));
    }

    private Path save() throws Exception {
        Path file = dir.resolve("cache.txt");
        get(kept.save(file));
        return file;
    }

    @Test
    void takesRecordsOfEveryTypeToTheNextRun() throws Exception {
        storeOneOfEach();
        Path file = dir.resolve("cache.txt");
        assertThat(get(kept.save(file))).isEqualTo(14);
        time.advance(Duration.ofSeconds(10));

        AnswerCache next = newCache();
        assertThat(get(view(next).load(file))).isEqualTo(14);
        for (CacheEntry entry : cache.all()) {
            DnsAnswer<?> saved = (DnsAnswer<?>) entry.value();
            if (saved.kind() == DnsAnswer.Kind.ANSWER) {
                DnsAnswer<?> loaded = next.get(entry.name(), entry.type());
                assertThat(loaded.records()).isEqualTo(saved.records());
                assertThat(loaded.aliases()).isEqualTo(saved.aliases());
                assertThat(loaded.source()).isEqualTo(DnsAnswer.Source.CACHE);
                assertThat(saved.ttl().minus(loaded.ttl()).abs()).isLessThanOrEqualTo(Duration.ofSeconds(1));
            }
        }
        assertThat(next.get("gone.example", DnsType.A)).isNull();
    }

    @Test
    void takesInEndedAnswersToStandInAndNoOlderOnes() throws Exception {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        Path file = save();
        time.advance(Duration.ofHours(2));
        AnswerCache next = newCache();
        assertThat(get(view(next).load(file))).isEqualTo(1);
        assertThat(next.get("a.example", DnsType.A)).isNull();
        assertThat(next.stale("a.example", DnsType.A)).isNotNull();

        time.advance(Duration.ofHours(23));
        assertThat(get(view(newCache()).load(file))).isZero();
    }

    @Test
    void replacesNothingThatTheCacheKnows() throws Exception {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        Path file = save();
        cache.store(Responses.addresses("a.example", 300, "192.0.2.2"));

        assertThat(get(kept.load(file))).isZero();
        assertThat(((DnsRecord.A) cache.get("a.example", DnsType.A).records().get(0))
                        .address()
                        .getHostAddress())
                .isEqualTo("192.0.2.2");
    }

    @Test
    void badInput59LivesNoLongerWhenTheWallClockWasSetBack() throws Exception {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        Path file = save();
        wallStart = wallStart.minus(Duration.ofDays(400));
        AnswerCache next = newCache();
        assertThat(get(view(next).load(file))).isEqualTo(1);
        assertThat(next.get("a.example", DnsType.A).ttl()).isLessThanOrEqualTo(Duration.ofMinutes(5));

        wallStart = wallStart.plus(Duration.ofDays(4000));
        assertThat(get(view(newCache()).load(file))).isZero();
    }

    @Test
    void takesInNothingOfADamagedFile() throws Exception {
        storeOneOfEach();
        String whole = Files.readString(save());
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 400; i++) {
            StringBuilder damaged = new StringBuilder(whole);
            int at = random.nextInt(whole.length());
            switch (random.nextInt(4)) {
                case 0 -> damaged.setLength(at);
                case 1 -> damaged.setCharAt(at, (char) random.nextInt(128));
                case 2 -> damaged.deleteCharAt(at);
                default -> damaged.insert(at, (char) (' ' + random.nextInt(95)));
            }
            Path file = Files.writeString(dir.resolve("damaged"), damaged);
            AnswerCache next = newCache();
            next.store(Responses.addresses("kept.example", 300, "192.0.2.1"));
            try {
                get(view(next).load(file));
            } catch (NetException e) {
                refused++;
                assertThat(e.kind()).isEqualTo(Kind.PROTOCOL);
                assertThat(e).hasMessageContaining("cache file").hasMessageContaining("nothing was taken in");
                assertThat(next.size().entries()).as("damage %d", i).isEqualTo(1);
            }
            assertThat(next.get("kept.example", DnsType.A)).as("damage %d", i).isNotNull();
        }
        assertThat(refused).isGreaterThan(200);
    }

    @Test
    void refusesWhatIsNoCacheFile() throws Exception {
        for (byte[] content : List.of(
                new byte[0],
                "x".getBytes(StandardCharsets.US_ASCII),
                "nettoolkit-dns-cache 2\nend 0\n".getBytes(StandardCharsets.US_ASCII),
                new byte[] {(byte) 0xff, (byte) 0xfe},
                new byte[1 << 20],
                "nettoolkit-dns-cache 1\nend 1\n".getBytes(StandardCharsets.US_ASCII),
                "nettoolkit-dns-cache 1\nanswer a A 1 99999999 0 0\n".getBytes(StandardCharsets.US_ASCII),
                "nettoolkit-dns-cache 1\nanswer a A 9999999999999999999999 1 0 0\na. 1 A 1.2.3.4\nend 1\n"
                        .getBytes(StandardCharsets.US_ASCII),
                "nettoolkit-dns-cache 1\nanswer a A 9223372036854775807 1 0 0\na. 1 A 1.2.3.4\nend 1\n"
                        .getBytes(StandardCharsets.US_ASCII))) {
            Path file = Files.write(dir.resolve("other"), content);
            assertThat(failure(kept.load(file)))
                    .isInstanceOfSatisfying(
                            NetException.class, e -> assertThat(e.kind()).isEqualTo(Kind.PROTOCOL));
        }
        assertThat(cache.size().entries()).isZero();
        assertThat(failure(kept.load(dir.resolve("none")))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void leavesTheFileBeforeWhereItCannotWrite() throws Exception {
        cache.store(Responses.addresses("a.example", 300, "192.0.2.1"));
        Path file = save();
        String before = Files.readString(file);
        Files.delete(file);
        Files.createDirectory(file);
        Files.writeString(file.resolve("occupied"), before);

        assertThat(failure(kept.save(file))).isInstanceOf(IOException.class);
        try (var left = Files.list(dir)) {
            assertThat(left).containsExactly(file);
        }
        assertThat(failure(kept.save(dir.resolve("no/such/directory")))).isInstanceOf(IOException.class);
    }

    @Test
    void showsAndForgets() {
        storeOneOfEach();

        assertThat(kept.snapshot()).hasSize(15).anySatisfy(entry -> {
            assertThat(entry.name()).isEqualTo("gone.example");
            assertThat(entry.type()).isNull();
        });
        assertThat(kept.invalidate("A.example.")).isEqualTo(13);
        assertThat(kept.stats().entries()).isEqualTo(2);
        kept.clear();
        assertThat(kept.snapshot()).isEmpty();
    }

    private static Throwable failure(CompletableFuture<Integer> future) throws Exception {
        try {
            get(future);
        } catch (Exception failure) {
            return failure;
        }
        throw new AssertionError("did not fail");
    }
}
