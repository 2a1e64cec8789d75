package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TestCluster;
import dev.millrace.bench.RecallClient;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Item;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.Topic;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What two servers answered while the learner went on is what the topics give, and whatever was tampered with is named. */
class AnswersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int ITEMS = 60;
    private static final int USERS = 25;
    private static final int CLICKS = 800;
    private static final int CLICKS_A_QUESTION = 4;

    private final Commands commands = new Commands();
    private final ObjectMapper json = new ObjectMapper();
    private int posted;

    @Test
    void loggedAnswersMatchAndTamperedOnesAreNamed(@TempDir Path directory) throws Exception {
        Map<String, String> more = Map.of(
                "batch.size", "16",
                "batch.max-wait", "50ms",
                "features.item", "item,category",
                "features.user", "user,history,history.category",
                "publish.attributes", "category,price",
                "publish.max-age.steps", "10",
                "serve.answers.sample", "1");
        try (TestCluster scene = new TestCluster(directory, more)) {
            ask(scene, directory.resolve("second").toString());
            List<LoggedAnswer> logged = logged(scene.settings().cluster());
            theTopicsGiveAllThatDidNotMove(scene, logged);
            exploredAnswersAreEstimated(scene, logged);
            tamperedAnswersAreNamed(scene, logged);
        }
    }

    /** Clicks, and questions between them, to a server and to one that starts when half of them are through. */
    private void ask(TestCluster scene, String secondDirectory) throws Exception {
        try (StreamRunner trainer = scene.run();
                ServeProcess first = scene.serve();
                EventProducer producer = scene.producer()) {
            assertThat(trainer.awaitRunning(PATIENCE)).isTrue();
            for (int item = 0; item < ITEMS; item++) {
                producer.send(new CatalogueItem("i" + item, TestCluster.T0, features(item)));
            }
            click(producer, 0, 100);
            await().atMost(PATIENCE).until(() -> new RecallClient(first.url()).status("/readyz") == 200);
            learnAndAsk(producer, List.of(first), 100, CLICKS / 2);
            try (ServeProcess second = ServeProcess.start(
                    TestCluster.load(scene.given("serve.state-dir", secondDirectory)), TestCluster.metrics())) {
                await().atMost(PATIENCE).until(() -> new RecallClient(second.url()).status("/readyz") == 200);
                learnAndAsk(producer, List.of(first, second), CLICKS / 2, CLICKS);
            } // closing sends what waits
        }
    }

    private void learnAndAsk(EventProducer producer, List<ServeProcess> servers, int from, int to) throws Exception {
        for (int at = from; at < to; at += CLICKS_A_QUESTION) {
            click(producer, at, at + CLICKS_A_QUESTION);
            ServeProcess server = servers.get(at / CLICKS_A_QUESTION % servers.size());
            question(server.url(), at / CLICKS_A_QUESTION);
        }
    }

    private void question(String url, int number) throws Exception {
        String user = number % 5 == 4 ? "nobody" + number : "u" + number * 7 % USERS;
        String question =
                switch (number % 9) {
                    case 0 -> "\"k\": 5, \"filter\": {\"category\": [\"c1\", \"c2\"]}";
                    case 1 -> "\"k\": 60, \"excludeSeen\": false, \"filter\": {\"price\": {\"max\": 20}}";
                    case 2 -> "\"exclude\": [\"i1\", \"i2\"], \"explain\": true";
                    case 3 -> "\"weights\": {\"popularity\": 0.3, \"neighbours\": 0}";
                    case 4 -> "\"context\": {\"place\": \"home\"}";
                    case 5 -> number % 16 == 5 ? "\"history\": [\"i3\"]" : "\"k\": 1";
                    case 6 ->
                        "\"k\": 8, \"boost\": {\"category\": {\"c1\": 1}}, \"atMost\": {\"category\": 2},"
                                + " \"diversity\": 0.7, \"pin\": {\"i5\": 2}";
                    case 7 ->
                        "\"k\": 6, \"explore\": 0.1, \"exploreSlots\": 2, \"atMost\": {\"category\": 2},"
                                + " \"pin\": {\"i5\": 2}";
                    default -> "\"k\": 10";
                };
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/recall"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"user\": \"" + user + "\", " + question + "}"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body().contains("\"parts\"")) // of a score are logged, and told who asked for them
                .isEqualTo(question.contains("explain"));
        posted++;
    }

    private static void click(EventProducer producer, int from, int to) {
        for (int at = from; at < to; at++) {
            String user = "u" + at * 11 % USERS;
            String item = "i" + (at * at + at % 7) % ITEMS;
            long time = TestCluster.T0 + at * 20_000L;
            producer.send(new Exposure("e" + at, user, item, time, 0, Features.NONE));
            producer.send(new Click("c" + at, user, item, Optional.of("e" + at), "click", 1, time, 0, Features.NONE));
        }
        producer.flush();
    }

    private static Features features(int item) {
        return Features.of(Map.of(
                "category", new FeatureValue.Category("c" + item % 5), "price", new FeatureValue.Quantity(item)));
    }

    private static List<LoggedAnswer> logged(Cluster cluster) {
        List<LoggedAnswer> logged = new ArrayList<>();
        try (TopicReader reader = cluster.reader()) {
            reader.readAll(
                    cluster.topics().answers(),
                    record -> cluster.wire().decode(Topic.ANSWERS, record).ifPresent(logged::add));
        }
        return logged;
    }

    private void theTopicsGiveAllThatDidNotMove(TestCluster scene, List<LoggedAnswer> logged) throws Exception {
        int exit = commands.run(scene.given(), "verify", "--answers", "--output", "json");
        JsonNode found = json.readTree(commands.out()).path(0);

        assertThat(logged).hasSize(posted);
        for (Unlogged left : Unlogged.values()) {
            assertThat(logged).anyMatch(answer -> answer.question().unlogged().contains(left));
        }
        assertThat(exit).as(commands.out() + commands.err()).isZero();
        assertThat(found.path("moved").asInt())
                .isEqualTo(number(logged, answer -> answer.standing().isMoved()));
        assertThat(found.path("share").asDouble()).isEqualTo(1);
        assertThat(found.path("different").asInt()).isZero();
        assertThat(found.path("equal").asInt()).isGreaterThan(posted / 4);
        assertThat(found.path("drawn").asInt())
                .isEqualTo(number(logged, answer -> answer.draw().isPresent()));
        assertThat(found.path("drawn").asInt()).isGreaterThan(posted / 10);
        assertThat(found.path("misdrawn").asInt()).isZero();
        assertThat(found.path("without_user").asInt()).isBetween(1, posted / 2);
    }

    private void exploredAnswersAreEstimated(TestCluster scene, List<LoggedAnswer> logged) throws Exception {
        Map<String, String> users = new HashMap<>();
        IntStream.range(0, USERS).forEach(user -> users.put(LoggedAnswer.Asker.digest("u" + user), "u" + user));
        int answers = 0;
        int shown = 0;
        try (EventProducer producer = scene.producer()) {
            for (LoggedAnswer answer : logged) {
                String user = users.get(answer.asker().user());
                if (user != null && answer.draw().isPresent()) {
                    answers++;
                    for (int place = 1; place <= answer.items().size(); place++) {
                        show(producer, "x" + shown++, user, answer, place);
                    }
                }
            }
            producer.flush();
        }

        int exit = commands.run(
                scene.given(),
                "evaluate",
                "--protocol",
                "off-policy",
                "--candidate",
                "explore=0.2",
                "--quiet",
                "--output",
                "json");

        assertThat(exit).as(commands.err()).isZero();
        JsonNode found = json.readTree(commands.out());
        JsonNode all = found.path("rows").path(0);
        assertThat(answers).isGreaterThan(3);
        assertThat(found.path("answers").asInt())
                .isEqualTo(number(logged, answer -> answer.draw().isPresent()));
        assertThat(found.path("misfits").path("exposuresWithoutAnswer").asInt()).isEqualTo(CLICKS);
        assertThat(found.path("misfits").path("clicksOfExposuresInNoRow").asInt())
                .isEqualTo(CLICKS);
        assertThat(all.path("shown").asInt()).isEqualTo(shown);
        assertThat(all.path("logged").path("value").asDouble()).isEqualTo((double) answers / shown);
        assertThat(all.path("meanWeight").path("value").asDouble()).isBetween(0.5, 2.0);
    }

    /** Shows an item of an answer; the first one is clicked. */
    private static void show(EventProducer producer, String id, String user, LoggedAnswer answer, int place) {
        String item = answer.items().get(place - 1).item();
        String of = answer.draw().orElseThrow().answerId();
        long time = TestCluster.T0 + CLICKS * 20_000L;
        producer.send(new Exposure(
                id,
                user,
                item,
                time,
                0,
                Features.NONE,
                Optional.empty(),
                Optional.of(new Exposure.AnswerPlace(of, place))));
        if (place == 1) {
            producer.send(new Click("d" + id, user, item, Optional.of(id), "click", 1, time, 0, Features.NONE));
        }
    }

    private void tamperedAnswersAreNamed(TestCluster scene, List<LoggedAnswer> logged) throws Exception {
        LoggedAnswer good = logged.stream()
                .filter(answer -> !answer.standing().isMoved()
                        && answer.asker().state().isPresent()
                        && answer.question().unlogged().isEmpty()
                        && answer.draw().isEmpty()
                        && answer.items().size() > 2)
                .reduce((one, later) -> later)
                .orElseThrow();
        List<Item> items = new ArrayList<>(good.items());
        Item second = items.get(1);
        items.set(1, new Item(second.item(), Math.nextUp(second.score()), second.parts(), second.placed()));
        float[] query = good.query().clone();
        query[3] = -query[3];
        LoggedAnswer explored = logged.stream()
                .filter(answer -> answer.draw().isPresent())
                .findFirst()
                .orElseThrow();
        List<Item> others = new ArrayList<>(explored.items());
        Collections.reverse(others);
        try (EventProducer producer = scene.producer()) {
            for (LoggedAnswer tampered : List.of(
                    with(good, good.query(), items),
                    with(good, query, good.items()),
                    with(explored, explored.query(), others))) {
                producer.send(Topic.ANSWERS, scene.settings().topics().names().answers(), tampered, TestCluster.T0);
            }
            producer.flush();
        }

        assertThat(commands.run(scene.given(), "verify", "--answers", "--record"))
                .isEqualTo(1);

        assertThat(commands.out())
                .containsPattern("(?m)^different +2$")
                .containsPattern("(?m)^misdrawn +1$")
                .contains(": its draw does not follow from what is logged of it")
                .contains(": item 2 is " + second.item() + " with " + Math.nextUp(second.score()))
                .contains(", replayed " + second.item() + " with " + second.score())
                .contains(": component 3 of the user's vector is " + query[3] + " (");
        assertThat(commands.run(scene.given(), "actions")).isZero();
        assertThat(commands.out()).containsPattern("differs +verify-answers");
    }

    private static LoggedAnswer with(LoggedAnswer answer, float[] query, List<Item> items) {
        return new LoggedAnswer(
                answer.origin(), answer.asker(), answer.question(), answer.standing(), query, items, answer.draw());
    }

    private static int number(List<LoggedAnswer> logged, Predicate<LoggedAnswer> of) {
        return Math.toIntExact(logged.stream().filter(of).count());
    }
}
