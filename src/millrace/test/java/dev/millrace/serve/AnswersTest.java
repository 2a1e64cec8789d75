package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswersTest {

    private final RecallScene scene;

    AnswersTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void recallsTheBestItemsThatTheUserHasNotHad() throws Exception {
        scene.fill();

        JsonNode answer = scene.json(scene.get("/v1/recall?user=u1&k=2"));

        // users are encoded as (1, 0) and items are (1, 0), (0.8, 0.6), (0.6, 0.8); u1 has had a
        assertThat(answer.path("items")).hasSize(2);
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("b");
        assertThat(answer.at("/items/0/score").floatValue()).isEqualTo(0.8f);
        assertThat(answer.at("/items/1/item").asText()).isEqualTo("movie/c");
        assertThat(answer.path("generation").asText()).isEqualTo("g1");
        assertThat(answer.path("step").asLong()).isEqualTo(7);
        assertThat(answer.path("ageSeconds").asDouble()).isEqualTo(2.5);
        assertThat(answer.path("coldStart").asBoolean()).isFalse();
        assertThat(scene.json(scene.get("/v1/recall?user=u1&k=2&exclude-seen=false"))
                        .at("/items/0/item")
                        .asText())
                .isEqualTo("a");
    }

    @Test
    void popularityIsAddedAsTheRequestWeighsIt() throws Exception {
        scene.fill();
        // c has a number of log(1 + 1) = .693; the fake's temperature is .5
        scene.state()
                .embedding(
                        new ItemEmbedding(
                                "movie/c",
                                Optional.of(new float[] {0.6f, 0.8f}),
                                "g1",
                                7,
                                40,
                                0,
                                new PublishedPopularity(Math.log(2), 3_600_000, false)),
                        NOW - 2_500,
                        0);

        JsonNode plain = scene.json(scene.get("/v1/recall?user=u1&w.popularity=0"));
        JsonNode trending = scene.json(scene.get("/v1/recall?user=u1&w.popularity=2"));

        assertThat(plain.path("items"))
                .isEqualTo(scene.json(scene.get("/v1/recall?user=u1")).path("items"));
        assertThat(plain.at("/items/0/item").asText()).isEqualTo("b");
        // .6 + 2 · .5 · .693 = 1.293 against .8
        assertThat(trending.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(trending.at("/items/0/score").asDouble()).isCloseTo(1.2931, within(1e-4));
        assertThat(trending.at("/items/1/score").floatValue()).isEqualTo(0.8f);
        assertThat(scene.json(scene.get("/v1/items/movie/c")).path("popularity").asDouble())
                .isCloseTo(0.6931, within(1e-4));
    }

    @Test
    void weightsOfChannelsAreParametersOfTheQuery() throws Exception {
        scene.fill();

        JsonNode plain = scene.json(scene.get("/v1/recall?user=u1"));
        JsonNode liked = scene.json(scene.get("/v1/recall?user=u1&w.click=1&w.like=2"));

        assertThat(plain.at("/items/0/item").asText()).isEqualTo("b");
        // (.6, .8) · (1, 2) = 2.2 against (.8, .6) · (1, 2) = 2.0
        assertThat(liked.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(liked.at("/items/0/score").asDouble()).isCloseTo(2.2, within(1e-6));
    }

    @Test
    void anUnknownUserGetsAFlaggedColdStart() throws Exception {
        scene.fill();

        JsonNode answer = scene.json(scene.get("/v1/recall?user=nobody"));

        assertThat(answer.path("coldStart").asBoolean()).isTrue();
        assertThat(answer.path("items")).hasSize(3);
    }

    @Test
    void givesSimilarItemsAndSingleItems() throws Exception {
        scene.fill();

        JsonNode similar = scene.json(scene.get("/v1/similar?item=b&k=1"));
        JsonNode item = scene.json(scene.get("/v1/items/a"));

        // b·c = 0.8·0.6 + 0.6·0.8 = 0.96, b·a = 0.8
        assertThat(similar.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(item.path("item").asText()).isEqualTo("a");
        assertThat(item.path("vector")).hasSize(2);
        assertThat(item.path("step").asLong()).isEqualTo(5);
        assertThat(item.path("eventTime").asLong()).isEqualTo(40);
        assertThat(item.path("ageSeconds").asDouble()).isEqualTo(4);
        assertThat(scene.json(scene.get("/v1/items/movie/c")).path("item").asText())
                .isEqualTo("movie/c");
    }

    @Test
    void whatIsClickedBesideTheHistoryAddsToTheScoreAndIsExplained() throws Exception {
        scene.fill();
        // u1 has had a, beside which c was clicked 6 of 7 times
        scene.state().neighbours("g1", "a", Optional.of(new NeighbourList(1, 7, List.of("movie/c"), new float[] {6})));

        JsonNode without = scene.json(scene.get("/v1/recall?user=u1&k=2"));
        JsonNode with = scene.json(scene.get("/v1/recall?user=u1&k=2&w.neighbours=2&explain=true"));

        // b .8 by the cosine, c .6; τ is .5, and n = log(1 + 6 / (7 + 3) / .01)
        assertThat(without.at("/items/0/item").asText()).isEqualTo("b");
        assertThat(with.at("/items/0/item").asText()).isEqualTo("movie/c");
        double added = 0.5 * 2 * Math.log1p(60);
        assertThat(with.at("/items/0/score").asDouble()).isCloseTo(0.6 + added, within(1e-6));
        assertThat(with.at("/items/0/parts/cosine").asDouble()).isCloseTo(0.6, within(1e-6));
        assertThat(with.at("/items/0/parts/neighbours").asDouble()).isCloseTo(added, within(1e-6));
        assertThat(with.at("/items/0/parts/popularity").asDouble()).isZero();
        assertThat(with.at("/items/0/parts/age").asDouble()).isZero();
        assertThat(with.at("/items/1/parts/neighbours").asDouble()).isZero();
    }

    @Test
    void similarItemsMayBeThoseThatAreClickedBeside() throws Exception {
        scene.fill();
        NeighbourList list = new NeighbourList(1, 7, List.of("gone", "movie/c", "b"), new float[] {2, 1, 4});
        scene.state().neighbours("g1", "a", Optional.of(list));

        JsonNode besides = scene.json(scene.get("/v1/similar?item=a&by=neighbours&k=5"));

        assertThat(besides.path("items")).hasSize(2);
        assertThat(besides.at("/items/0/item").asText()).isEqualTo("b");
        assertThat(besides.at("/items/0/score").asDouble()).isCloseTo(4 / 10.0, within(1e-6));
        assertThat(besides.at("/items/1/item").asText()).isEqualTo("movie/c");
        assertThat(scene.json(scene.get("/v1/similar?item=b&by=neighbours")).path("items"))
                .isEmpty();
        scene.assertProblem(scene.get("/v1/similar?item=x&by=neighbours"), 404);
        scene.assertProblem(scene.get("/v1/similar?item=a&by=magic"), 400);
    }

    @Test
    void questionsMayBePosted() throws Exception {
        scene.fill();

        HttpResponse<String> response = scene.post(
                """
                {"user": "u1", "k": 2, "excludeSeen": false, "exclude": ["b"], "weights": {"like": 1},
                 "includeVector": true, "explain": true}""");

        JsonNode answer = scene.json(response);
        assertThat(response.statusCode()).isEqualTo(200);
        // (1, 1) by the weight of like: c 1.4, a 1, without b
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(answer.at("/items/0/score").asDouble()).isCloseTo(1.4, within(1e-6));
        assertThat(answer.at("/items/1/item").asText()).isEqualTo("a");
        assertThat(answer.path("vector")).hasSize(2);
        // u1 has had a, whose product with c is .6; an item is no reason for itself
        assertThat(answer.at("/items/0/nearest/0/item").asText()).isEqualTo("a");
        assertThat(answer.at("/items/0/nearest/0/score").asDouble()).isCloseTo(0.6, within(1e-6));
        assertThat(answer.at("/items/1/nearest")).isEmpty();
        assertThat(answer.path("coldStart").asBoolean()).isFalse();
    }

    @Test
    void oneBadQuestionOfABatchCostsNoOther() throws Exception {
        scene.fill();

        JsonNode answers = scene.json(
                        scene.post(
                                """
                {"requests": [{"user": "u1", "k": 1}, {"user": "u1", "k": 0}, {"user": "nobody", "k": 1}]}"""))
                .path("answers");

        assertThat(answers).hasSize(3);
        assertThat(answers.at("/0/items/0/item").asText()).isEqualTo("b");
        assertThat(answers.at("/1/status").asInt()).isEqualTo(400);
        assertThat(answers.at("/1/parameter").asText()).isEqualTo("requests[1].k");
        assertThat(answers.at("/1/detail").asText()).isEqualTo("requests[1].k must be a whole number from 1 to 1000");
        assertThat(answers.at("/2/coldStart").asBoolean()).isTrue();
    }

    @Test
    void someoneWhoNeverCameThroughTheTopicsIsDescribedByTheRequest() throws Exception {
        scene.fill();

        JsonNode answer = scene.json(
                scene.post(
                        """
                {"user": "new", "features": {"city": "x", "age": 30, "tastes": ["a", "b"], "picture": [0.5, 1]},
                 "history": ["b"], "context": {"hour": 7}}"""));

        assertThat(answer.path("coldStart").asBoolean()).isFalse();
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("a");
        assertThat(answer.path("items")).hasSize(2); // b is in the history
    }

    @Test
    void itemsAreFilteredByTheirAttributes() throws Exception {
        scene.fill();

        assertThat(scene.found(scene.get("/v1/recall?user=u2&filter.category=shoes")))
                .containsExactly("a", "movie/c");
        assertThat(scene.found(scene.get("/v1/recall?user=u2&filter.category=shoes,boots&filter.tags=red")))
                .containsExactly("movie/c");
        assertThat(scene.found(scene.get("/v1/recall?user=u2&filter.price.min=15&filter.price.max=20")))
                .containsExactly("b");
        assertThat(scene.found(scene.get("/v1/recall?user=u2&filter.price=10&k=1")))
                .containsExactly("a");
        assertThat(scene.found(scene.get("/v1/recall?user=u2&filter.tags=none")))
                .isEmpty();
        assertThat(scene.found(scene.get("/v1/recall?user=u2&exclude=a,b"))).containsExactly("movie/c");
        assertThat(scene.found(scene.post(
                        "{\"user\": \"u2\", \"filter\": {\"category\": [\"shoes\"], \"price\": {\"min\": 11}}}")))
                .containsExactly("movie/c");
        assertThat(scene.json(scene.get("/v1/items/a"))
                        .at("/attributes/category")
                        .asText())
                .isEqualTo("shoes");
    }

    @Test
    void aDeletedItemIsNotRecalledAndADeletedUserIsUnknown() throws Exception {
        scene.fill();

        scene.state().embedding(new ItemEmbedding("b", Optional.empty(), "g1", 0, 0, 0), NOW, 0);
        scene.state().userRemoved("u1");

        JsonNode answer = scene.json(scene.get("/v1/recall?user=u1"));
        assertThat(answer.path("items")).hasSize(2);
        assertThat(answer.path("coldStart").asBoolean()).isTrue();
        scene.assertProblem(scene.get("/v1/similar?item=b"), 404);
    }
}
