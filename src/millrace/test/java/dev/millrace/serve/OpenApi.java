package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The shipped description of the HTTP APIs, taken strictly: an answer has no member but those described. Safe for threads. */
public final class OpenApi {

    public static final OpenApi SHIPPED = shipped();

    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final List<String> METHODS = List.of("get", "post", "delete");
    private static final Pattern KNOWN = Pattern.compile("known (?:here:|are) (.*?)(?:, line \\d+)?");

    private final JsonNode document;
    private final Map<String, JsonSchema> schemas = new ConcurrentHashMap<>();

    /** A request, as {@code GET /v1/recall?user=u1}, and its answer. */
    public record Exchange(String line, RawClient.Answer answer) {

        /** Asks as {@link RawClient#ask}. */
        public static Exchange ask(int port, String line, String body, String... headers) throws IOException {
            return new Exchange(line, RawClient.ask(port, line, body, headers));
        }

        private String method() {
            return line.split(" ", 2)[0].replace("HEAD", "GET");
        }

        private String path() {
            return line.split("[ ?]", 3)[1];
        }
    }

    /**
     * What can be asked.
     *
     * @param pointer to it in the document
     */
    public record Operation(String method, String path, String pointer) {

        @Override
        public String toString() {
            return method + " " + path;
        }

        private boolean isOf(Exchange exchange) {
            String paths = path.replace(".", "\\.").replaceAll("\\{\\w+}", ".+");
            return method.equals(exchange.method()) && exchange.path().matches(paths);
        }
    }

    private OpenApi(JsonNode document) {
        this.document = document;
    }

    private static OpenApi shipped() {
        try {
            JsonNode document =
                    new YAMLMapper().readTree(Path.of("schemas", "openapi.yaml").toFile());
            document.at("/components/schemas").findParents("properties").forEach(described -> ((ObjectNode) described)
                    .putIfAbsent("additionalProperties", no()));
            return new OpenApi(document);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static JsonNode no() {
        return JsonNodeFactory.instance.booleanNode(false);
    }

    public List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        document.path("paths").properties().forEach(path -> METHODS.stream()
                .filter(path.getValue()::has)
                .forEach(method -> operations.add(new Operation(
                        method.toUpperCase(Locale.ROOT),
                        path.getKey(),
                        "/paths/" + path.getKey().replace("/", "~1") + "/" + method))));
        return operations;
    }

    /** What stands at a place, or where that refers to. */
    public JsonNode at(String pointer) {
        JsonNode node = document.at(pointer);
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    /** The elements of an array, or what they refer to. */
    Stream<JsonNode> each(String pointer) {
        return IntStream.range(0, at(pointer).size()).mapToObj(at -> at(pointer + "/" + at));
    }

    /** The members of an object. */
    public Set<String> members(String schema) {
        Set<String> members = new TreeSet<>();
        at("/components/schemas/" + schema + "/properties").fieldNames().forEachRemaining(members::add);
        return members;
    }

    /** The names that a refusal of an unknown one lists. */
    public static Set<String> known(RawClient.Answer refused) throws IOException {
        Matcher listed = KNOWN.matcher(refused.problem(400).replaceFirst(".*(?=known (here|are))", ""));
        assertThat(listed.matches()).as(refused.body()).isTrue();
        return listed.group(1).equals("none")
                ? Set.of()
                : new TreeSet<>(Arrays.asList(listed.group(1).split(", ")));
    }

    /** A request with what is required, as the examples have it. */
    public String line(Operation operation) {
        String line = operation.toString();
        String query = "";
        for (JsonNode parameter : each(operation.pointer() + "/parameters").toList()) {
            String name = parameter.path("name").asText();
            String example = parameter.path("example").asText();
            line = line.replace("{" + name + "}", example);
            query += parameter.path("in").asText().equals("query") && parameter.has("example")
                    ? "&" + name + "=" + example
                    : "";
        }
        return line + query.replaceFirst("&", "?");
    }

    /** The bodies of an operation that are given as examples. */
    public List<String> examples(Operation operation) {
        return at(operation.pointer() + "/requestBody/content/application~1json/examples").findValues("value").stream()
                .map(JsonNode::toString)
                .toList();
    }

    /** Returns an answer if it is as described, and fails otherwise. */
    static RawClient.Answer checked(String line, RawClient.Answer answer) throws IOException {
        assertThat(SHIPPED.faults(new Exchange(line, answer)))
                .as(line + "\n" + answer)
                .isEmpty();
        return answer;
    }

    private List<String> faults(Exchange exchange) throws IOException {
        RawClient.Answer answer = exchange.answer();
        JsonNode response = operation(exchange)
                .map(asked -> response(asked, answer.status()))
                .orElse(at("/components/responses/Refused"));
        List<String> faults = new ArrayList<>();
        response.path("headers").fieldNames().forEachRemaining(name -> {
            if (answer.header(name).isEmpty()) {
                faults.add("lacks the header " + name);
            }
        });
        if (!answer.body().isEmpty()) {
            String type = answer.header("Content-Type").split(";", 2)[0];
            JsonNode content = response.path("content").path(type);
            if (content.isMissingNode()) {
                faults.add(type + " with this status is not described");
            } else if (type.endsWith("json")) {
                schema(content.path("schema")).validate(answer.json()).forEach(fault -> faults.add(fault.toString()));
            }
        }
        return faults;
    }

    private Optional<Operation> operation(Exchange exchange) {
        return operations().stream()
                .filter(operation -> operation.isOf(exchange))
                .max(Comparator.comparingInt(operation -> operation.path().length()));
    }

    private JsonNode response(Operation operation, int status) {
        String responses = operation.pointer() + "/responses/";
        return at(responses + (at(responses + status).isMissingNode() ? "default" : status));
    }

    private JsonSchema schema(JsonNode described) {
        return schemas.computeIfAbsent(described.toString(), text -> {
            ObjectNode schema = JsonNodeFactory.instance.objectNode();
            schema.putArray("allOf").add(described);
            schema.set("components", document.path("components"));
            return SCHEMAS.getSchema(schema);
        });
    }

    /**
     * Returns the entries that nothing has shown: members and values without which all answers would still be as described, and statuses that none has.
     *
     * @param of places in the document, with all that they refer to
     */
    public List<String> unshown(Collection<String> of, Collection<Exchange> exchanges) throws IOException {
        Set<String> entries = new LinkedHashSet<>();
        for (String place : of) {
            addEntries(place, entries, new TreeSet<>());
        }
        List<String> unshown = new ArrayList<>();
        for (String entry : entries) {
            if (!isShown(entry, exchanges)) {
                unshown.add(entry);
            }
        }
        return unshown;
    }

    private void addEntries(String pointer, Set<String> entries, Set<String> seen) {
        JsonNode node = document.at(pointer);
        if (!seen.add(pointer) || !node.isContainerNode()) {
            return;
        }
        if (node.has("$ref")) {
            addEntries(node.path("$ref").asText().substring(1), entries, seen);
        }
        boolean hasEntries =
                pointer.matches(".*/(properties|enum|responses)") && !pointer.equals("/components/responses");
        children(node).forEach(name -> {
            if (hasEntries && !name.equals("default")) {
                entries.add(pointer + "/" + name);
            }
            addEntries(pointer + "/" + name, entries, seen);
        });
    }

    private static Stream<String> children(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(name -> names.add(name.replace("/", "~1")));
        for (int at = 0; at < node.size() && node.isArray(); at++) {
            names.add(Integer.toString(at));
        }
        return names.stream();
    }

    private boolean isShown(String entry, Collection<Exchange> exchanges) throws IOException {
        if (entry.contains("/responses/")) {
            return exchanges.stream().anyMatch(exchange -> operation(exchange)
                    .filter(asked -> entry.equals(
                            asked.pointer() + "/responses/" + exchange.answer().status()))
                    .isPresent());
        }
        OpenApi other = without(entry);
        String text =
                entry.contains("/enum/") ? document.at(entry).asText() : entry.substring(entry.lastIndexOf('/') + 1);
        for (Exchange exchange : exchanges) {
            if (exchange.answer().body().contains(text)
                    && !other.faults(exchange).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private OpenApi without(String entry) {
        JsonPointer place = JsonPointer.compile(entry);
        JsonNode copy = document.deepCopy();
        JsonNode parent = copy.at(place.head());
        if (parent instanceof ArrayNode array) {
            array.remove(place.last().getMatchingIndex());
        } else {
            ((ObjectNode) parent).remove(place.last().getMatchingProperty());
        }
        return new OpenApi(copy);
    }
}
