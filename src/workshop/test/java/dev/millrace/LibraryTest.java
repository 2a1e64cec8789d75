package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;

/** What docs/library.md promises those who depend on this program as a library. */
class LibraryTest {

    private static final Path PAGE = Path.of("docs/library.md");
    private static final Pattern API_ROW = Pattern.compile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");
    private static final Pattern JAVA = Pattern.compile("(?s)```java\n(.*?)```");

    @Test
    void itBringsNullAnnotationsAlone() throws Exception {
        NodeList brought = (NodeList) XPathFactory.newInstance()
                .newXPath()
                .evaluate(
                        "/project/dependencies/dependency[not(optional = 'true') and not(scope = 'test')]/artifactId",
                        DocumentBuilderFactory.newInstance()
                                .newDocumentBuilder()
                                .parse(Path.of("pom.xml").toFile()),
                        XPathConstants.NODESET);

        List<String> names = new ArrayList<>();
        for (int at = 0; at < brought.getLength(); at++) {
            names.add(brought.item(at).getTextContent());
        }
        assertThat(names).containsExactly("jspecify");
    }

    @Test
    void everyTypeOfItsApiIsPublic() throws Exception {
        List<String> found = new ArrayList<>();
        for (MatchResult row : matches(API_ROW, Files.readString(PAGE))) {
            for (MatchResult name : matches(NAME, row.group(2))) {
                Class<?> type = Class.forName("dev.millrace." + row.group(1) + "." + name.group(1));
                assertThat(Modifier.isPublic(type.getModifiers()))
                        .as(type.getName())
                        .isTrue();
                found.add(name.group(1));
            }
        }

        assertThat(found).contains("Attribution", "Trainer", "LocalGeneration", "RecallEngine");
    }

    @Test
    void linesOfThePageAreLinesOfTheExample() throws Exception {
        List<String> example = Files.readAllLines(Path.of("src/example/java/InOneProcess.java")).stream()
                .map(String::strip)
                .toList();

        List<String> shown = matches(JAVA, Files.readString(PAGE))
                .get(0)
                .group(1)
                .lines()
                .map(String::strip)
                .toList();

        assertThat(shown).hasSizeGreaterThan(10).isSubsetOf(example);
    }

    private static List<MatchResult> matches(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }
}
