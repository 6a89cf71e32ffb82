package io.nettoolkit.verification;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** The repository as the tests see it: its poms, and the classes that were built before this module. */
final class Reactor {

    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private Reactor() {}

    /** A directory of the reactor with its pom. */
    record Module(String name, Element pom) {

        Path classes() {
            return ROOT.resolve(name).resolve("target/classes");
        }

        Path testClasses() {
            return ROOT.resolve(name).resolve("target/test-classes");
        }

        /** {@code io.nettoolkit.tcp} for {@code toolkit-tcp}: the module name and the one API package. */
        String apiPackage() {
            return "io.nettoolkit." + name.substring("toolkit-".length());
        }

        boolean isPublished() {
            return !property("toolkit.unpublished").equals("true");
        }

        String property(String property) {
            return text(pom, "properties", property);
        }

        ModuleDescriptor descriptor() {
            try (InputStream in = Files.newInputStream(classes().resolve("module-info.class"))) {
                return ModuleDescriptor.read(in);
            } catch (IOException e) {
                throw new UncheckedIOException(name + " has no module descriptor; was it compiled?", e);
            }
        }

        boolean hasCode() {
            try (Stream<Path> files = Files.walk(classes())) {
                return files.map(file -> String.valueOf(file.getFileName()))
                        .anyMatch(file -> file.endsWith(".class")
                                && !file.equals("module-info.class")
                                && !file.equals("package-info.class"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Every module with classes of its own in the order of the root pom; neither the BOM nor this module. */
    static List<Module> modules() {
        return children(pom("."), "modules", "module").stream()
                .map(Element::getTextContent)
                .filter(name -> !name.equals("toolkit-bom") && !name.equals("verification"))
                .map(name -> new Module(name, pom(name)))
                .toList();
    }

    static List<Module> publishedModules() {
        return modules().stream().filter(Module::isPublished).toList();
    }

    static Element pom(String module) {
        try {
            return DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(ROOT.resolve(module).resolve("pom.xml").toFile())
                    .getDocumentElement();
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalStateException("cannot read the pom of " + module, e);
        }
    }

    /** The elements at the end of a path of element names; empty where a name is missing on the way. */
    static List<Element> children(Element from, String... path) {
        List<Element> found = List.of(from);
        for (String name : path) {
            List<Element> next = new ArrayList<>();
            for (Element element : found) {
                for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
                    if (child instanceof Element childElement
                            && childElement.getTagName().equals(name)) {
                        next.add(childElement);
                    }
                }
            }
            found = next;
        }
        return found;
    }

    /** The text at the end of a path of element names, or the empty string. */
    static String text(Element from, String... path) {
        List<Element> found = children(from, path);
        return found.isEmpty() ? "" : found.get(0).getTextContent().trim();
    }
}
