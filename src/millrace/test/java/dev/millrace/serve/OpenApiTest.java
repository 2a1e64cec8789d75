package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.access.Role;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.experiment.Experiment;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.Readiness;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.serve.OpenApi.Exchange;
import dev.millrace.serve.OpenApi.Operation;
import dev.millrace.topic.fault.BrokerUnreachableException;
import io.javalin.Javalin;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is described of the recall API is there, and nothing else is. {@link RawClient} sees to it that all answers of all tests are described. */
class OpenApiTest {

    private static final OpenApi API = OpenApi.SHIPPED;
    private static final String RECALL = "GET /v1/recall?user=u1";

    private final RecallScene scene;
    private final RecallServer guarded;
    private final List<Exchange> exchanges = new ArrayList<>();

    OpenApiTest(@TempDir Path folder) throws IOException {
        Path tokens = RecallScene.tokens(folder.resolve("tokens"), "read read", "write write", "admin admin ann");
        scene = new RecallScene(folder.resolve("state"));
        guarded = scene.server(Optional.of(tokens), Optional.empty());
    }

    @AfterEach
    void stop() {
        guarded.close();
        scene.close();
    }

    static Stream<Operation> operations() {
        return API.operations().stream().filter(one -> !one.path().equals("/v1/events"));
    }

    @Test
    void eachRouteIsDescribed() {
        List<String> routes = Javalin.create(guarded::configure).unsafe.internalRouter.allHttpHandlers().stream()
                .map(route -> route.endpoint)
                .filter(route -> route.method.isHttpMethod() && !route.method.equals(HandlerType.HEAD))
                .map(route ->
                        route.method.name() + " " + route.path.replace('<', '{').replace('>', '}'))
                .toList();

        String ofTokens = "POST /v1/session"; // answered by the guard
        assertThat(operations().map(Operation::toString).filter(name -> !name.equals(ofTokens)))
                .containsExactlyInAnyOrderElementsOf(routes);
    }

    @ParameterizedTest
    @MethodSource("operations")
    void eachParameterIsDescribed(Operation operation) throws Exception {
        scene.fill();

        RawClient.Answer answer = ask(withUnknown(operation), "");

        boolean isStrict = API.at(operation.pointer() + "/responses").has("400");
        assertThat(answer.status() == 400).isEqualTo(isStrict);
        if (isStrict) {
            Set<String> known = OpenApi.known(answer);
            List<Pattern> described = parameters(operation);
            assertThat(known).allMatch(name -> described.stream()
                    .anyMatch(one -> one.matcher(name).matches()));
            assertThat(described).allMatch(one -> known.stream().anyMatch(one.asMatchPredicate()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "POST /v1/recall | {\"user\": \"u1\", \"unknown\": 1} | Question",
                "POST /v1/recall | {\"user\": \"u1\", \"filter\": {\"price\": {\"unknown\": 1}}} | Bounds",
                "POST /v1/recall | {\"requests\": [], \"unknown\": 1} | Questions",
                "POST /v1/experiments/e | {\"unknown\": 1} | ExperimentPlan",
                "POST /v1/experiments/e | {\"arms\": [1, 2], \"ramp\": [1], \"guards\": {\"unknown\": 1}} | Guards",
            })
    void eachMemberOfABodyIsDescribed(String line, String body, String schema) throws Exception {
        scene.fill();

        assertThat(OpenApi.known(ask(line, body))).isEqualTo(API.members(schema));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void eachNeededRoleIsDescribed(Operation operation) throws Exception {
        scene.fill();
        String line = API.line(operation);
        Optional<Role> needed = role(operation);

        for (Role role : Role.values()) {
            boolean isRefused = send(guarded, line, "", bearer(role)).status() == 403;
            assertThat(isRefused).isEqualTo(needed.isPresent() && !role.includes(needed.get()));
        }
        assertThat(send(guarded, line, "").status() == 401).isEqualTo(needed.isPresent());
        assertThat(Set.of(403, 405).contains(scene.ask(line).status())).isNotEqualTo(isOpenWithoutTokens(operation));
    }

    @Test
    void eachEntryIsShown() throws Exception {
        askAll();
        scene.state().read(FollowedTopic.ITEM_EMBEDDINGS, new Readiness.Records(412, 1_000));
        scene.state().embedding(RecallScene.embedding("a", 1, 1, 1, 0), 1, 0); // of a generation without an encoder
        scene.hinder(Map.of("standingTransactions", List.of("transaction of producer 7")));
        ask("GET /readyz", "");
        scene.fill();
        askAll();
        refuseAll();
        Features hidden = Features.of(Map.of(UserFeatures.HIDDEN, new FeatureValue.Bag(List.of("b"))));
        scene.state().userFeatures(new UserFeatures("u1", 2, hidden, List.of("a")));
        ask(RECALL + "&k=1&explain=true&page=first&diversity=0.7&at-most.category=1", "");
        try (RecallServer exploring = scene.exploring(0.2, 10)) {
            send(exploring, RECALL, "");
        }
        scene.state().engine().follow(Optional.of(experiment()));
        ask(RECALL, "");
        for (Role role : Role.values()) {
            send(guarded, "GET /v1/session", "", bearer(role));
        }
        ask("POST /v1/generations/g-with-note/promote", "");
        scene.state().failed(FollowedTopic.MODEL_UPDATES);
        ask("GET /livez", "");
        ask("GET /readyz", "");

        assertThat(API.unshown(
                        operations().map(one -> one.pointer() + "/responses").toList(), exchanges))
                .allMatch(entry -> entry.startsWith("/components/schemas/BrokerReadiness"));
    }

    /** Every operation, and every example of its body. */
    private void askAll() throws IOException {
        for (Operation each : operations().toList()) {
            for (String body : API.examples(each)) {
                ask(API.line(each), body);
            }
            ask(API.line(each), "");
        }
    }

    private void refuseAll() throws IOException {
        for (Operation each : operations().toList()) {
            ask(withUnknown(each), "");
        }
        for (RuntimeException failure : List.of(
                new GenerationRefusedException("retired"),
                new BrokerUnreachableException("late", new IOException()),
                new IllegalStateException("broken"))) {
            scene.operations().failWith(failure);
            askAll();
        }
        scene.operations().succeed();
        ask(RECALL + "&k=0", "");
        ask(RECALL + "&generation=none", "");
        ask("POST /v1/recall", "{\"user\": \"u1\", \"generation\": \"none\"}");
        ask("POST /v1/recall", " ".repeat(2_001));
        ask("GET /v1/similar?item=none", "");
        ask("GET /v1/items/none", "");
        ask("PUT /v1/recall", "");
        send(guarded, RECALL, "");
        send(guarded, "DELETE /v1/users/u1", "", bearer(Role.READ));
        send(guarded, RECALL, "", bearer(Role.READ), "Content-Encoding: gzip");
        exchanges.add(Exchange.ask(scene.port(), RECALL, "", "Host: evil.example"));
        raw(scene.port(), RECALL + "x".repeat(20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        raw(scene.port(), RECALL + " HTTP/1.1\r\nHost: a\r\nA: " + "x".repeat(9_000) + "\r\n\r\n");
        raw(scene.port(), RECALL + " HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n");
        raw(scene.port(), RECALL + " HTTP/9.9\r\nHost: a\r\n\r\n");
        raw(scene.port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        try (RecallServer impatient = scene.server(1, Duration.ofSeconds(1))) {
            raw(impatient.port(), "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n");
            send(impatient, RECALL, "");
            send(impatient, RECALL, "");
        }
    }

    private static Experiment experiment() {
        Experiment.Plan plan =
                new Experiment.Plan("click", 0.02, 0.05, List.of(1.0), Duration.ofHours(1), Duration.ofMinutes(9));
        return Experiment.started("trial", "g1", "g2", "salt", plan, 1);
    }

    private RawClient.Answer ask(String line, String body) throws IOException {
        return send(guarded, line, body, bearer(Role.ADMIN));
    }

    private RawClient.Answer send(RecallServer server, String line, String body, String... headers) throws IOException {
        Exchange exchange = Exchange.ask(server.port(), line, body, headers);
        exchanges.add(exchange);
        return exchange.answer();
    }

    private void raw(int port, String request) throws IOException {
        try (RawClient client = new RawClient(port)) {
            exchanges.add(new Exchange(RECALL, client.send(request).answer().orElseThrow()));
        }
    }

    private static String withUnknown(Operation operation) {
        String line = API.line(operation);
        return line + (line.contains("?") ? "&" : "?") + "unknown=1";
    }

    private static String bearer(Role role) {
        return "Authorization: Bearer " + role.text();
    }

    private static Optional<Role> role(Operation operation) {
        return security(operation).findValues("token").stream()
                .findFirst()
                .map(roles -> Role.valueOf(roles.path(0).asText().toUpperCase(Locale.ROOT)));
    }

    private static boolean isOpenWithoutTokens(Operation operation) {
        return security(operation).path(0).isEmpty();
    }

    private static JsonNode security(Operation operation) {
        JsonNode own = API.at(operation.pointer() + "/security");
        return own.isMissingNode() ? API.at("/security") : own;
    }

    private static List<Pattern> parameters(Operation operation) {
        List<Pattern> parameters = new ArrayList<>();
        API.each(operation.pointer() + "/parameters")
                .filter(parameter -> parameter.path("in").asText().equals("query"))
                .forEach(parameter -> {
                    JsonNode groups = parameter.at("/schema/patternProperties");
                    groups.fieldNames().forEachRemaining(name -> parameters.add(Pattern.compile(name)));
                    if (groups.isMissingNode()) {
                        parameters.add(Pattern.compile(parameter.path("name").asText(), Pattern.LITERAL));
                    }
                });
        return parameters;
    }
}
