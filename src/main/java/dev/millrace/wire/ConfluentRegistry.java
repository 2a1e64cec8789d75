package dev.millrace.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.RejectReason;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;

/** A client of the schema registry's REST interface: registers our schemas, looks up others'. Safe for threads. */
final class ConfluentRegistry {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ATTEMPTS = 5;
    private static final int MAX_ANSWER_BYTES = 4 << 20;
    private static final int MAX_REFERENCE_DEPTH = 20;
    private static final int MAX_REFERENCES = 1_000;
    private static final String JSON = "application/vnd.schemaregistry.v1+json";

    private final String base;
    private final String authorization;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

    ConfluentRegistry(URI url, String authorization) {
        String text = url.toString();
        this.base = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        this.authorization = authorization;
    }

    /** The id of a schema under a subject; registers it if it is new there. */
    int id(String subject, Schema schema) {
        return ids.computeIfAbsent(subject + ' ' + schema.getFullName(), key -> {
            String body = json.createObjectNode()
                    .put("schema", schema.toString())
                    .put("schemaType", "AVRO")
                    .toString();
            HttpRequest.Builder request = request("/subjects/" + encoded(subject) + "/versions")
                    .header("Content-Type", JSON)
                    .POST(HttpRequest.BodyPublishers.ofString(body));
            return answered(request).path("id").asInt();
        });
    }

    /**
     * The schema of an id, with what it refers to, in our names.
     *
     * @throws UndecodableException if the registry has none of that id
     */
    Schema schema(int id) {
        return schemas.computeIfAbsent(id, key -> {
            JsonNode answer = answered(request("/schemas/ids/" + id).GET());
            Schema.Parser parser = new Schema.Parser();
            try {
                resolve(answer, parser, new HashSet<>(), 0);
                return WriterSchemas.inOurNames(SchemaBounds.checked(parsed(parser, answer)));
            } catch (SchemaParseException broken) {
                throw new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA, "schema " + id + " of the registry: " + broken);
            }
        });
    }

    /** @param asked the schemas that were asked for, each once */
    private void resolve(JsonNode answer, Schema.Parser parser, Set<String> asked, int depth) {
        if (depth > MAX_REFERENCE_DEPTH) {
            throw new SchemaParseException("refers to more than " + MAX_REFERENCE_DEPTH + " schemas in a row");
        }
        for (JsonNode reference : answer.path("references")) {
            String path = "/subjects/" + encoded(reference.path("subject").asText()) + "/versions/"
                    + reference.path("version").asInt();
            if (parser.getTypes().containsKey(reference.path("name").asText()) || !asked.add(path)) {
                continue;
            }
            if (asked.size() > MAX_REFERENCES) {
                throw new SchemaParseException("refers to more than " + MAX_REFERENCES + " schemas");
            }
            JsonNode referred = answered(request(path).GET());
            resolve(referred, parser, asked, depth + 1);
            parsed(parser, referred);
        }
    }

    private static Schema parsed(Schema.Parser parser, JsonNode answer) {
        return parser.parse(SchemaBounds.checked(answer.path("schema").asText()));
    }

    private JsonNode answered(HttpRequest.Builder builder) {
        HttpRequest request = builder.build();
        String asked = request.method() + " " + request.uri();
        RegistryUnreachableException last = new RegistryUnreachableException(asked + " was not answered");
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
                String body = body(asked, response);
                if (response.statusCode() == 200) {
                    return json.readTree(body);
                }
                if (response.statusCode() == 404 && request.method().equals("GET")) {
                    throw new UndecodableException(RejectReason.UNKNOWN_SCHEMA, asked + " answered 404");
                }
                last = new RegistryUnreachableException(asked + " answered " + response.statusCode() + ": " + body);
                if (response.statusCode() < 500) {
                    throw last;
                }
            } catch (JsonProcessingException noJson) {
                last = new RegistryUnreachableException(asked + " did not answer with JSON", noJson);
            } catch (IOException down) {
                last = new RegistryUnreachableException(asked + " was not answered", down);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new RegistryUnreachableException(asked + " was interrupted", interrupted);
            }
            pause(attempt);
        }
        throw last;
    }

    private static String body(String asked, HttpResponse<InputStream> response) throws IOException {
        try (InputStream body = response.body()) {
            byte[] bytes = body.readNBytes(MAX_ANSWER_BYTES + 1);
            if (bytes.length > MAX_ANSWER_BYTES) {
                throw new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA, asked + " answered more than " + MAX_ANSWER_BYTES + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(PATIENCE)
                .header("Accept", JSON);
        return authorization.isBlank() ? request : request.header("Authorization", authorization);
    }

    private static String encoded(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8);
    }

    private static void pause(int attempt) {
        try {
            Thread.sleep(100L << attempt); // 0.2 s, 0.4 s … between attempts
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
