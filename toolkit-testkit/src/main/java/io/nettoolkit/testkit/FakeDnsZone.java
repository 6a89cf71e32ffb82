package io.nettoolkit.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The records of a fake server. Any thread. */
final class FakeDnsZone {

    private static final int CNAME = 5;
    private static final int SOA = 6;
    private static final int NXDOMAIN = 3;
    private static final int MAX_ALIASES = 32;

    private final Map<String, List<FakeDnsRecord>> byName = new ConcurrentHashMap<>();

    /** What the zone says to a question. */
    record Answer(List<FakeDnsRecord> answers, List<FakeDnsRecord> authorities, int rcode) {}

    void add(FakeDnsRecord record) {
        byName.computeIfAbsent(key(record.name()), name -> new CopyOnWriteArrayList<>())
                .add(record);
    }

    void clear() {
        byName.clear();
    }

    Answer answer(String question, int type) {
        List<FakeDnsRecord> answers = new ArrayList<>();
        String name = key(question);
        for (int aliases = 0; aliases < MAX_ALIASES; aliases++) {
            List<FakeDnsRecord> here = byName.get(name);
            if (here == null) {
                boolean outside = !answers.isEmpty() && soa(name) == null;
                return new Answer(answers, negative(name), hasNamesBelow(name) || outside ? 0 : NXDOMAIN);
            }
            FakeDnsRecord alias = null;
            boolean found = false;
            for (FakeDnsRecord record : here) {
                if (record.type() == type) {
                    answers.add(record);
                    found = true;
                } else if (record.type() == CNAME) {
                    alias = record;
                }
            }
            if (found) {
                return new Answer(answers, List.of(), 0);
            }
            if (alias == null) {
                return new Answer(answers, negative(name), 0);
            }
            answers.add(alias);
            name = key(alias.target());
        }
        return new Answer(answers, List.of(), 0);
    }

    private boolean hasNamesBelow(String name) {
        return byName.keySet().stream().anyMatch(other -> other.endsWith("." + name));
    }

    private List<FakeDnsRecord> negative(String name) {
        FakeDnsRecord soa = soa(name);
        return soa == null ? List.of() : List.of(soa);
    }

    private @Nullable FakeDnsRecord soa(String name) {
        for (String zone = name; !zone.isEmpty(); zone = zone.substring(Math.max(zone.indexOf('.') + 1, 1))) {
            for (FakeDnsRecord record : byName.getOrDefault(zone, List.of())) {
                if (record.type() == SOA) {
                    return record;
                }
            }
        }
        return null;
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
