package dev.millrace.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.RejectReason;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.jspecify.annotations.Nullable;

/**
 * A client of the schema registry's REST interface: registers our schemas, looks up others'. Safe for threads.
 *
 * <p>An id stands in a record, and anybody may have written that. So an id that cannot be had is the fault of its record, unless the registry
 * does not answer another question either. That question is the schema fetched last. Before any was fetched, or if it is gone, it is the list of
 * subjects, which needs valid credentials at every registry; who may not see the list is asked to have the types of schemas instead, so that a
 * proxy that forbids everything is recognised.
 *
 * <table>
 * <caption>Whose fault it is</caption>
 * <tr><th>the id</th><th>the other question</th><th>what follows</th></tr>
 * <tr><td>a schema</td><td>not asked</td><td>the record is read</td></tr>
 * <tr><td>a schema that cannot be used</td><td>not asked</td><td>the record is rejected</td></tr>
 * <tr><td>4xx, but for 408 and 429</td><td>answered</td><td>the record is rejected</td></tr>
 * <tr><td>408, 429, 5xx, no answer in time, nonsense</td><td>answered</td><td>the id is asked for once more; then the record is rejected</td></tr>
 * <tr><td>any of these</td><td>not answered, {@value #ATTEMPTS} times; once for a 4xx</td><td>{@link RegistryUnreachableException}</td></tr>
 * </table>
 *
 * <p>Rejected ids are remembered ({@link Misses}).
 */
final class ConfluentRegistry {

    private static final Duration REGISTRATION = Duration.ofSeconds(10);
    /** For one question, body included. */
    private static final Duration QUESTION = Duration.ofSeconds(3);
    /** For a schema with all that it refers to. */
    private static final Duration LOOKUP = Duration.ofSeconds(10);

    private static final int ATTEMPTS = 5;
    private static final int ATTEMPTS_OF_AN_ID = 2;
    private static final int MAX_ANSWER_BYTES = 4 << 20;
    private static final int SHOWN_CHARACTERS = 200;
    private static final int MAX_REFERENCE_DEPTH = 20;
    private static final int MAX_REFERENCES = 1_000;
    private static final String JSON = "application/vnd.schemaregistry.v1+json";

    private final String base;
    private final String authorization;
    private final LongSupplier nanoTime;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(REGISTRATION).build();
    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Misses misses;
    private volatile Optional<Integer> fetchedLast = Optional.empty();

    /** @param nanoTime a clock that never goes back, for what is remembered of missing ids */
    ConfluentRegistry(URI url, String authorization, LongSupplier nanoTime) {
        String text = url.toString();
        this.base = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        this.authorization = authorization;
        this.nanoTime = nanoTime;
        this.misses = new Misses(nanoTime.getAsLong());
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
            try {
                return repeated(request, REGISTRATION, answer -> true)
                        .path("id")
                        .asInt();
            } catch (UnansweredException last) {
                throw new RegistryUnreachableException(String.valueOf(last.getMessage()), last);
            }
        });
    }

    /**
     * The schema of an id, with what it refers to, in our names.
     *
     * @param isTimed for ids that strangers write: rejected unasked while missing ids have used up their time
     * @throws UndecodableException if the registry answers, but has no such schema for us
     * @throws RegistryUnreachableException if it does not answer
     */
    Schema schema(int id, boolean isTimed) {
        Optional<Schema> known = Optional.ofNullable(schemas.get(id));
        if (known.isPresent()) {
            return known.get();
        }
        long from = nanoTime.getAsLong();
        misses.reject(id, from, isTimed);
        try {
            Schema schema = fetchedOrRejected(id);
            schemas.put(id, schema);
            fetchedLast = Optional.of(id);
            return schema;
        } catch (UndecodableException missing) {
            misses.add(id, String.valueOf(missing.getMessage()), from, nanoTime.getAsLong());
            throw missing;
        }
    }

    private Schema fetchedOrRejected(int id) {
        for (int attempt = 1; ; attempt++) {
            try {
                return fetched(id);
            } catch (SchemaParseException broken) {
                throw new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA, "schema " + id + " of the registry: " + broken);
            } catch (UnansweredException unanswered) {
                requireAnswers(unanswered);
                if (attempt == ATTEMPTS_OF_AN_ID || !unanswered.mayPass()) {
                    throw new UndecodableException(
                            RejectReason.UNKNOWN_SCHEMA, String.valueOf(unanswered.getMessage()));
                }
            }
        }
    }

    private Schema fetched(int id) throws UnansweredException {
        long until = System.nanoTime() + LOOKUP.toNanos();
        JsonNode answer = schemaAnswer("/schemas/ids/" + id, until);
        Schema.Parser parser = new Schema.Parser();
        resolve(answer, parser, new HashSet<>(), 0, until);
        return WriterSchemas.inOurNames(SchemaBounds.checked(parsed(parser, answer)));
    }

    /** @param asked the schemas that were asked for, each once */
    private void resolve(JsonNode answer, Schema.Parser parser, Set<String> asked, int depth, long until)
            throws UnansweredException {
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
            JsonNode referred = schemaAnswer(path, until);
            resolve(referred, parser, asked, depth + 1, until);
            parsed(parser, referred);
        }
    }

    private static Schema parsed(Schema.Parser parser, JsonNode answer) {
        return parser.parse(SchemaBounds.checked(answer.path("schema").asText()));
    }

    private JsonNode schemaAnswer(String path, long until) throws UnansweredException {
        long nanos = Math.min(QUESTION.toNanos(), until - System.nanoTime());
        if (nanos <= 0) {
            throw new UnansweredException(0, "GET " + base + path + " came after " + LOOKUP.toSeconds() + " s", null);
        }
        return answer(request(path).GET(), Duration.ofNanos(nanos), ConfluentRegistry::hasSchema);
    }

    private static boolean hasSchema(JsonNode answer) {
        return answer.path("schema").isTextual();
    }

    /** Asks another question than the one that was not answered. */
    private void requireAnswers(UnansweredException unanswered) {
        try {
            Optional<Integer> known = fetchedLast;
            if (known.isPresent()) {
                try {
                    repeated(request("/schemas/ids/" + known.get()).GET(), QUESTION, ConfluentRegistry::hasSchema);
                    return;
                } catch (UnansweredException gone) {
                    if (gone.status != HttpURLConnection.HTTP_NOT_FOUND) {
                        throw gone;
                    }
                }
            }
            try {
                repeated(request("/subjects?limit=1").GET(), QUESTION, JsonNode::isArray);
            } catch (UnansweredException forbidden) {
                if (forbidden.status != HttpURLConnection.HTTP_FORBIDDEN) {
                    throw forbidden;
                }
                repeated(request("/schemas/types").GET(), QUESTION, JsonNode::isArray);
            }
        } catch (UnansweredException neither) {
            throw new RegistryUnreachableException(unanswered.getMessage() + "; and " + neither.getMessage(), neither);
        }
    }

    private JsonNode repeated(HttpRequest.Builder builder, Duration patience, Predicate<JsonNode> isMeant)
            throws UnansweredException {
        for (int attempt = 1; ; attempt++) {
            try {
                return answer(builder, patience, isMeant);
            } catch (UnansweredException failed) {
                if (attempt == ATTEMPTS || !failed.mayPass()) {
                    throw failed;
                }
            }
            pause(attempt);
        }
    }

    private JsonNode answer(HttpRequest.Builder builder, Duration patience, Predicate<JsonNode> isMeant)
            throws UnansweredException {
        HttpRequest request = builder.timeout(patience).build();
        String asked = request.method() + " " + request.uri();
        long until = System.nanoTime() + patience.toNanos();
        try {
            HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            String body = body(asked, response, until - System.nanoTime());
            if (response.statusCode() == HttpURLConnection.HTTP_OK) {
                JsonNode answer = json.readTree(body);
                if (isMeant.test(answer)) {
                    return answer;
                }
                throw new UnansweredException(0, asked + " answered with something else", null);
            }
            String shown = body.length() <= SHOWN_CHARACTERS ? body : body.substring(0, SHOWN_CHARACTERS) + "…";
            throw new UnansweredException(
                    response.statusCode(), asked + " answered " + response.statusCode() + ": " + shown, null);
        } catch (JsonProcessingException noJson) {
            throw new UnansweredException(0, asked + " did not answer with JSON", noJson);
        } catch (IOException down) {
            throw new UnansweredException(0, asked + " was not answered", down);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RegistryUnreachableException(asked + " was interrupted", interrupted);
        }
    }

    /** The client's own timeout ends with the headers. What is read after {@code nanos} is not waited for. */
    private static String body(String asked, HttpResponse<InputStream> response, long nanos)
            throws IOException, UnansweredException {
        try (InputStream body = response.body()) {
            CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(() -> close(body));
            byte[] bytes = body.readNBytes(MAX_ANSWER_BYTES + 1);
            if (bytes.length > MAX_ANSWER_BYTES) {
                throw new UnansweredException(0, asked + " answered more than " + MAX_ANSWER_BYTES + " bytes", null);
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException broken) {
            // its reader learns of it too
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).header("Accept", JSON);
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

    /** A question that was not answered with what was asked for. */
    private static final class UnansweredException extends Exception {

        private static final int TOO_MANY = 429;

        private final int status;

        /** @param status 0 if there was no answer, or none that makes sense */
        UnansweredException(int status, String message, @Nullable Throwable cause) {
            super(message, cause);
            this.status = status;
        }

        /** Whether the same question may be answered a little later. */
        boolean mayPass() {
            return status == 0
                    || status == HttpURLConnection.HTTP_CLIENT_TIMEOUT
                    || status == TOO_MANY
                    || status >= HttpURLConnection.HTTP_INTERNAL_ERROR;
        }
    }

    /**
     * Ids that the registry does not have, or not for us, and the time that they took. Safe for threads.
     *
     * <p>An id is not asked for again for as long as it has been missing, from a second up to a minute: a schema that was registered a moment ago
     * may not yet be known to every node of a registry. All missing ids together may take {@link #AT_ONCE}, and again as much in each {@link
     * #REFILL}. The last lookup may go beyond that.
     */
    private static final class Misses {

        private static final int MOST = 10_000;
        private static final Duration SHORTEST = Duration.ofSeconds(1);
        private static final Duration LONGEST = Duration.ofMinutes(1);
        private static final Duration AT_ONCE = Duration.ofSeconds(5);
        private static final Duration REFILL = Duration.ofMinutes(1);

        private final LatestMisses byId = new LatestMisses();
        private long nanosLeft = AT_ONCE.toNanos();
        private long filledAt;

        Misses(long now) {
            filledAt = now;
        }

        /** @param isTimed whether to reject an id that is not remembered if the time is used up */
        synchronized void reject(int id, long now, boolean isTimed) {
            Optional<Miss> miss = Optional.ofNullable(byId.get(id)).filter(found -> found.until() - now > 0);
            if (miss.isPresent()) {
                throw new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA,
                        "found within the last minute: " + miss.get().why());
            }
            fill(now);
            if (isTimed && nanosLeft <= 0) {
                throw new UndecodableException(
                        RejectReason.UNKNOWN_SCHEMA,
                        "schema " + id + " was not asked for: ids that the registry does not have took more than "
                                + AT_ONCE.toSeconds() + " s of the last minute");
            }
        }

        synchronized void add(int id, String why, long from, long now) {
            fill(now);
            nanosLeft -= now - from;
            long since = Optional.ofNullable(byId.remove(id)).map(Miss::since).orElse(now);
            long pause = Math.max(SHORTEST.toNanos(), Math.min(LONGEST.toNanos(), now - since));
            byId.put(id, new Miss(since, now + pause, why));
        }

        private void fill(long now) {
            double added = (double) (now - filledAt) * AT_ONCE.toNanos() / REFILL.toNanos();
            nanosLeft = Math.min(AT_ONCE.toNanos(), nanosLeft + (long) added);
            filledAt = now;
        }

        /** Not asked for again before {@code until}. */
        private record Miss(long since, long until, String why) {}

        /** Forgets what was missed longest ago. */
        private static final class LatestMisses extends LinkedHashMap<Integer, Miss> {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Integer, Miss> eldest) {
                return size() > MOST;
            }
        }
    }
}
