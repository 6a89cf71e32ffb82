package io.nettoolkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.io.StringReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;

/** What the README shows is taken from it word for word, compiled, and run. */
class ReadmeIT {

    private static final Pattern CLASS_NAME = Pattern.compile("public class (\\w+)");

    @TempDir
    Path directory;

    @Test
    void serverAndClientCompileAndTalkToEachOther() throws Exception {
        compile(blocks("java"));
        String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");

        try (ChildProgram server = ChildProgram.main(classPath, "EchoServer", "127.0.0.1:0")) {
            String address = server.awaitLine("listening on /");
            for (String program : List.of("EchoClient", "PooledClient")) {
                try (ChildProgram client = ChildProgram.main(classPath, program, address)) {
                    ChildProgram.Result result = client.finish();
                    assertThat(result.status()).as(result.toString()).isZero();
                    assertThat(result.out()).containsExactly("hello");
                }
            }
            assertThat(server.terminate().finish().status()).isEqualTo(128 + 15);
        }
    }

    @Test
    void theUdpServerSendsDatagramsBack() throws Exception {
        compile(blocks("java"));
        String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");
        try (ChildProgram server = ChildProgram.main(classPath, "UdpEchoServer");
                DatagramSocket client = new DatagramSocket()) {
            String address = server.awaitLine("listening on /");
            byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
            int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
            client.setSoTimeout(10_000);
            client.send(new DatagramPacket(hello, hello.length, InetAddress.getLoopbackAddress(), port));
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            client.receive(answer);
            assertThat(answer.getData()).startsWith(hello);
            assertThat(answer.getLength()).isEqualTo(hello.length);
            assertThat(server.terminate().finish().status()).isEqualTo(128 + 15);
        }
    }

    @Test
    void aReliableEchoOverUdpComesBack() throws Exception {
        compile(blocks("java"));
        String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");

        try (ChildProgram program = ChildProgram.main(classPath, "ReliableEcho", "127.0.0.1:0")) {
            ChildProgram.Result result = program.finish();
            assertThat(result.status()).as(result.toString()).isZero();
            assertThat(result.out()).containsExactly("hello");
        }
    }

    @Test
    void policiesBearAServerThatIsBusyAtFirst() throws Exception {
        compile(blocks("java"));
        String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");
        AtomicInteger requests = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = "hello".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(requests.incrementAndGet() < 3 ? 503 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/";

        try (ChildProgram client = ChildProgram.main(classPath, "PatientClient", address)) {
            ChildProgram.Result result = client.finish();
            assertThat(result.status()).as(result.toString()).isZero();
            assertThat(result.out()).containsExactly("hello");
        } finally {
            server.stop(0);
        }
        assertThat(requests).hasValue(3);
    }

    @Test
    void dependencyBlockNamesTheVersionsOfThisBuild() throws Exception {
        Element readme = parse("<r>" + blocks("xml").get(0) + "</r>");
        Element pom = parse(Files.readString(ChildProgram.ROOT.resolve("pom.xml")));

        assertThat(dependencies(readme))
                .containsExactly(
                        "io.nettoolkit:toolkit-bom:" + child(pom, "version"),
                        "io.netty:netty-bom:" + child(pom, "netty.version"),
                        "io.nettoolkit:toolkit-tcp:",
                        "io.netty:netty-transport-native-epoll:");
    }

    private void compile(List<String> sources) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("-d", directory.toString(), "-Xlint:all", "-Werror"));
        arguments.addAll(List.of("-proc:none", "-cp", System.getProperty("java.class.path")));
        for (String source : sources) {
            Matcher name = CLASS_NAME.matcher(source);
            assertThat(name.find()).as(source).isTrue();
            Path file = directory.resolve(name.group(1) + ".java");
            arguments.add(Files.writeString(file, source).toString());
        }
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        assertThat(status).as("javac says above what is wrong").isZero();
    }

    private static List<String> blocks(String language) throws IOException {
        List<String> blocks = new ArrayList<>();
        String readme = Files.readString(ChildProgram.ROOT.resolve("README.md"));
        Matcher block = Pattern.compile("(?s)```" + language + "\n(.*?)```").matcher(readme);
        while (block.find()) {
            blocks.add(block.group(1));
        }
        return blocks;
    }

    private static List<String> dependencies(Element root) {
        List<String> found = new ArrayList<>();
        var elements = root.getElementsByTagName("dependency");
        for (int i = 0; i < elements.getLength(); i++) {
            Element dependency = (Element) elements.item(i);
            found.add(child(dependency, "groupId") + ":" + child(dependency, "artifactId") + ":"
                    + child(dependency, "version"));
        }
        return found;
    }

    private static String child(Element parent, String name) {
        Node node = parent.getElementsByTagName(name).item(0);
        return node == null ? "" : node.getTextContent();
    }

    private static Element parse(String xml) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(xml)))
                .getDocumentElement();
    }
}
