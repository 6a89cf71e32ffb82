package io.nettoolkit.testkit;

import io.netty.util.NetUtil;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A record as its line in a zone file, and as bytes. Immutable. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FakeDnsRecord(String name, long ttl, int type, byte[] data, String target) {

    private static final Map<String, Integer> TYPES = Map.ofEntries(
            Map.entry("A", 1),
            Map.entry("NS", 2),
            Map.entry("CNAME", 5),
            Map.entry("SOA", 6),
            Map.entry("PTR", 12),
            Map.entry("MX", 15),
            Map.entry("TXT", 16),
            Map.entry("AAAA", 28),
            Map.entry("SRV", 33),
            Map.entry("SVCB", 64),
            Map.entry("HTTPS", 65),
            Map.entry("CAA", 257));

    /** {@code NAME TTL TYPE RDATA}. */
    static FakeDnsRecord parse(String line) {
        List<String> words = words(line);
        try {
            if (words.size() < 4) {
                throw new IllegalArgumentException("fewer than four words");
            }
            int type = typeCode(words.get(2));
            List<String> rdata = words.subList(3, words.size());
            String target = type == 5 ? rdata.get(0) : "";
            return new FakeDnsRecord(
                    absolute(words.get(0)), Long.parseLong(words.get(1)), type, data(type, rdata), target);
        } catch (RuntimeException malformed) {
            throw new IllegalArgumentException(
                    "line: \"" + line + "\" (must be NAME TTL TYPE RDATA: " + malformed.getMessage() + ")", malformed);
        }
    }

    static int typeCode(String type) {
        Integer code = TYPES.get(type.toUpperCase(Locale.ROOT));
        if (code != null) {
            return code;
        }
        if (!type.toUpperCase(Locale.ROOT).matches("TYPE[0-9]{1,5}")) {
            throw new IllegalArgumentException(
                    "type: " + type + " (must be one of " + TYPES.keySet() + " or TYPE and a number)");
        }
        return Integer.parseInt(type.substring(4));
    }

    private static String absolute(String name) {
        if (!name.endsWith(".")) {
            throw new IllegalArgumentException("\"" + name + "\" does not end in a dot");
        }
        return name;
    }

    private static byte[] data(int type, List<String> words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (words.get(0).equals("\\#")) {
            String hex = String.join("", words.subList(2, words.size()));
            for (int i = 0; i < hex.length(); i += 2) {
                out.write(Integer.parseInt(hex.substring(i, i + 2), 16));
            }
            return out.toByteArray();
        }
        switch (type) {
            case 1 -> out.writeBytes(address(NetUtil.createByteArrayFromIpAddressString(words.get(0)), 4));
            case 28 -> out.writeBytes(address(NetUtil.createByteArrayFromIpAddressString(words.get(0)), 16));
            case 2, 5, 12 -> name(out, words.get(0));
            case 15 -> {
                numbers(out, words, 0, 1, 2);
                name(out, words.get(1));
            }
            case 33 -> {
                numbers(out, words, 0, 3, 2);
                name(out, words.get(3));
            }
            case 6 -> {
                name(out, words.get(0));
                name(out, words.get(1));
                numbers(out, words, 2, 5, 4);
            }
            case 16 -> words.forEach(word -> string(out, word));
            case 257 -> {
                numbers(out, words, 0, 1, 1);
                string(out, words.get(1));
                out.writeBytes(octets(words.get(2)));
            }
            default -> throw new IllegalArgumentException("data of this type has to be written as \\# LENGTH HEX");
        }
        return out.toByteArray();
    }

    private static byte[] address(byte[] address, int bytes) {
        if (address == null || address.length != bytes) {
            throw new IllegalArgumentException("not an address of " + bytes + " bytes");
        }
        return address;
    }

    private static void numbers(ByteArrayOutputStream out, List<String> words, int from, int count, int bytesEach) {
        for (int i = from; i < from + count; i++) {
            long number = Long.parseLong(words.get(i));
            for (int shift = (bytesEach - 1) * 8; shift >= 0; shift -= 8) {
                out.write((int) (number >>> shift));
            }
        }
    }

    private static void string(ByteArrayOutputStream out, String word) {
        byte[] octets = octets(word);
        if (octets.length > 255) {
            throw new IllegalArgumentException("a string of more than 255 bytes");
        }
        out.write(octets.length);
        out.writeBytes(octets);
    }

    private static byte[] octets(String word) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '\\') {
                if (Character.isDigit(word.charAt(i + 1))) {
                    out.write(Integer.parseInt(word.substring(i + 1, i + 4)));
                    i += 3;
                } else {
                    out.write(word.charAt(++i));
                }
            } else {
                out.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        return out.toByteArray();
    }

    /** Writes a name, uncompressed. */
    static void name(ByteArrayOutputStream out, String name) {
        absolute(name);
        if (!name.equals(".")) {
            for (String label : labels(name)) {
                string(out, label);
            }
        }
        out.write(0);
    }

    private static List<String> labels(String name) {
        List<String> labels = new ArrayList<>();
        StringBuilder label = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '.') {
                labels.add(label.toString());
                label.setLength(0);
            } else {
                label.append(c);
                if (c == '\\') {
                    label.append(name.charAt(++i));
                }
            }
        }
        return labels;
    }

    /** The words of a line; what is in quotes is one word. */
    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        boolean begun = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                word.append(c).append(line.charAt(++i));
                begun = true;
            } else if (c == '"') {
                quoted = !quoted;
                begun = true;
            } else if (c == ' ' && !quoted) {
                if (begun) {
                    words.add(word.toString());
                }
                word.setLength(0);
                begun = false;
            } else {
                word.append(c);
                begun = true;
            }
        }
        if (begun) {
            words.add(word.toString());
        }
        return words;
    }
}
