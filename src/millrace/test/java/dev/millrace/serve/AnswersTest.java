package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;
import static dev.millrace.serve.RecallScene.found;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.FakeFeed;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.FakeEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswersTest {

    private final RecallScene scene;

    AnswersTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
        scene.fill();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void recallsTheBestItemsThatTheUserHasNotHad() throws Exception {
        RawClient.Answer answer = scene.get("/v1/recall?user=u1&k=2");

        // users are encoded as (1, 0) and items are (1, 0), (0.8, 0.6), (0.6, 0.8); u1 has had a
        assertThat(found(answer)).containsExactly("b", "movie/c");
        assertThat(answer.number("/items/0/score")).isEqualTo(0.8);
        assertThat(answer.text("/generation")).isEqualTo("g1");
        assertThat(answer.text("/step")).isEqualTo("7");
        assertThat(answer.number("/ageSeconds")).isEqualTo(2.5);
        assertThat(answer.text("/coldStart")).isEqualTo("false");
        assertThat(answer.json().has("vector")).isFalse();
        assertThat(found(scene.get("/v1/recall?user=u1&k=2&exclude-seen=false")))
                .first()
                .isEqualTo("a");
    }

    @Test
    void learnersSayWhetherHistoryIsAnswered(@TempDir Path other) throws Exception {
        FakeFeed feed = new FakeFeed(
                generation -> new FakeEncoder(Map.of(), List.of(), PriorWeights.NONE, (weights, out) -> out[0] = 1)
                        .answeringHistory());
        try (RecallScene answering = new RecallScene(other, feed)) {
            answering.fill();

            assertThat(found(answering.get("/v1/recall?user=u1&k=1"))).containsExactly("a");
            assertThat(found(answering.get("/v1/recall?user=u1&k=1&exclude-seen=true")))
                    .containsExactly("b");
        }
    }

    @Test
    void popularityIsAddedAsTheRequestWeighsIt() throws Exception {
        // c has a number of log(1 + 1) = .693; the fake's temperature is .5
        PublishedPopularity popularity = new PublishedPopularity(Math.log(2), 3_600_000, false);
        Optional<float[]> vector = Optional.of(new float[] {0.6f, 0.8f});
        scene.state().embedding(new ItemEmbedding("movie/c", vector, "g1", 7, 40, 0, popularity), NOW - 2_500, 0);

        RawClient.Answer plain = scene.get("/v1/recall?user=u1&w.popularity=0");
        RawClient.Answer trending = scene.get("/v1/recall?user=u1&w.popularity=2");

        assertThat(plain.body()).isEqualTo(scene.get("/v1/recall?user=u1").body());
        assertThat(found(plain)).first().isEqualTo("b");
        // .6 + 2 · .5 · .693 = 1.293 against .8
        assertThat(found(trending)).first().isEqualTo("movie/c");
        assertThat(trending.number("/items/0/score")).isCloseTo(1.2931, within(1e-4));
        assertThat(trending.number("/items/1/score")).isEqualTo(0.8);
        assertThat(scene.get("/v1/items/movie/c").number("/popularity")).isCloseTo(0.6931, within(1e-4));
    }

    @Test
    void weightsOfChannelsAreParametersOfTheQuery() throws Exception {
        RawClient.Answer liked = scene.get("/v1/recall?user=u1&w.click=1&w.like=2");

        // (.6, .8) · (1, 2) = 2.2 against (.8, .6) · (1, 2) = 2.0
        assertThat(found(liked)).first().isEqualTo("movie/c");
        assertThat(liked.number("/items/0/score")).isCloseTo(2.2, within(1e-6));
    }

    @Test
    void givesSimilarItemsAndSingleItems() throws Exception {
        RawClient.Answer item = scene.get("/v1/items/a");

        // b·c = 0.8·0.6 + 0.6·0.8 = 0.96, b·a = 0.8
        assertThat(found(scene.get("/v1/similar?item=b&k=1"))).containsExactly("movie/c");
        assertThat(item.body())
                .isEqualTo("{\"item\":\"a\",\"generation\":\"g1\",\"step\":5,\"eventTime\":40,\"publishedAt\":"
                        + (NOW - 4_000)
                        + ",\"ageSeconds\":4.0,\"popularity\":0.0,\"attributes\":{\"category\":\"shoes\","
                        + "\"price\":10.0,\"tags\":[]},\"vector\":[1.0,0.0]}");
        assertThat(scene.get("/v1/items/movie/c").text("/item")).isEqualTo("movie/c");
    }

    @Test
    void neighboursOfTheHistoryAddToTheScore() throws Exception {
        // u1 has had a, beside which c was clicked 6 of 7 times
        scene.state().neighbours("g1", "a", Optional.of(new NeighbourList(1, 7, List.of("movie/c"), new float[] {6})));

        RawClient.Answer with = scene.get("/v1/recall?user=u1&k=2&w.neighbours=2&explain=true");

        // b .8 by the cosine, c .6; τ is .5, and n = log(1 + 6 / (7 + 3) / .01)
        assertThat(found(scene.get("/v1/recall?user=u1&k=2"))).first().isEqualTo("b");
        assertThat(found(with)).first().isEqualTo("movie/c");
        double added = 0.5 * 2 * Math.log1p(60);
        assertThat(with.number("/items/0/score")).isCloseTo(0.6 + added, within(1e-6));
        assertThat(with.number("/items/0/parts/cosine")).isCloseTo(0.6, within(1e-6));
        assertThat(with.number("/items/0/parts/neighbours")).isCloseTo(added, within(1e-6));
        assertThat(with.text("/items/0/parts/popularity")).isEqualTo("0.0");
        assertThat(with.text("/items/0/parts/age")).isEqualTo("0.0");
        assertThat(with.text("/items/1/parts/neighbours")).isEqualTo("0.0");
    }

    @Test
    void similarItemsMayBeThoseThatAreClickedBeside() throws Exception {
        NeighbourList list = new NeighbourList(1, 7, List.of("gone", "movie/c", "b"), new float[] {2, 1, 4});
        scene.state().neighbours("g1", "a", Optional.of(list));

        RawClient.Answer besides = scene.get("/v1/similar?item=a&by=neighbours&k=5");

        assertThat(found(besides)).containsExactly("b", "movie/c");
        assertThat(besides.number("/items/0/score")).isCloseTo(4 / 10.0, within(1e-6));
        assertThat(found(scene.get("/v1/similar?item=b&by=neighbours"))).isEmpty();
        scene.get("/v1/similar?item=x&by=neighbours").problem(404);
        scene.get("/v1/similar?item=a&by=magic").problem(400);
    }

    @Test
    void questionsMayBePosted() throws Exception {
        RawClient.Answer answer = scene.post(
                """
                {"user": "u1", "k": 2, "excludeSeen": false, "exclude": ["b"], "weights": {"like": 1},
                 "includeVector": true, "explain": true}""");

        // (1, 1) by the weight of like: c 1.4, a 1, without b
        assertThat(found(answer)).containsExactly("movie/c", "a");
        assertThat(answer.number("/items/0/score")).isCloseTo(1.4, within(1e-6));
        assertThat(answer.json().path("vector")).hasSize(2);
        // u1 has had a, whose product with c is .6; an item is no reason for itself
        assertThat(answer.text("/items/0/nearest/0/item")).isEqualTo("a");
        assertThat(answer.number("/items/0/nearest/0/score")).isCloseTo(0.6, within(1e-6));
        assertThat(answer.json().at("/items/1/nearest")).isEmpty();
        assertThat(answer.text("/coldStart")).isEqualTo("false");
    }

    @Test
    void hiddenItemsStayAwayAndAreExplained() throws Exception {
        Features hidden = Features.of(Map.of(
                UserFeatures.HIDDEN, new FeatureValue.Bag(List.of("b", "gone")),
                UserFeatures.PASSED, new FeatureValue.Bag(List.of("movie/c"))));
        scene.state().userFeatures(new UserFeatures("u1", 2, hidden, List.of("a")));

        RawClient.Answer explained = scene.get("/v1/recall?user=u1&exclude-seen=false&pin=b@1&explain=true");

        assertThat(found(explained)).containsExactly("a");
        assertThat(explained.json().path("hidden")).map(JsonNode::asText).containsExactly("b", "gone", "movie/c");
        assertThat(scene.get("/v1/recall?user=u1").json().has("hidden")).isFalse();
        assertThat(scene.get("/v1/recall?user=u2&explain=true").json().has("hidden"))
                .isFalse();
    }

    @Test
    void oneBadQuestionOfABatchCostsNoOther() throws Exception {
        RawClient.Answer answers = scene.post(
                "{\"requests\": [{\"user\": \"u1\", \"k\": 1}, {\"user\": \"u1\", \"k\": 0}, {\"user\": \"nobody\"}]}");

        assertThat(answers.json().path("answers")).hasSize(3);
        assertThat(answers.text("/answers/0/items/0/item")).isEqualTo("b");
        assertThat(answers.text("/answers/1/status")).isEqualTo("400");
        assertThat(answers.text("/answers/1/parameter")).isEqualTo("requests[1].k");
        assertThat(answers.text("/answers/1/detail")).contains("from 1 to 1000");
        assertThat(answers.text("/answers/2/coldStart")).isEqualTo("true");
    }

    @Test
    void answersToTheUsersOfAnExperimentAreCounted() throws Exception {
        Experiment.Plan plan =
                new Experiment.Plan("click", 0.02, 0.05, List.of(1.0), Duration.ofHours(1), Duration.ofMinutes(9));
        Experiment experiment = Experiment.started("trial", "g1", "g2", "salt", plan, 1);
        scene.post("{\"user\": \"u1\"}"); // before it began
        scene.state().engine().follow(Optional.of(experiment));
        scene.answers().follow(Optional.of(experiment));

        scene.get("/v1/recall?user=u1");
        scene.get("/v1/recall?user=u1&generation=g1"); // chosen by the request
        scene.post("{\"requests\": [{\"user\": \"u1\", \"k\": 0}, {\"user\": \"nobody\"}]}");
        scene.post("{\"user\": \"u1\", \"exclude\": [\"a\", \"b\", \"movie/c\"]}");

        assertThat(experiment.arm("u1")).isEqualTo(experiment.arm("nobody")).isEqualTo(Arm.CONTROL);
        ArmAnswers told = scene.answers().take(0).control();
        assertThat(told.answers()).isEqualTo(3);
        assertThat(told.empty()).isEqualTo(1);
        assertThat(told.cold()).isEqualTo(1);
        assertThat(told.catalogue()).isEqualTo(3);
        assertThat(told.vectorAge()).isEqualTo(2_500); // of movie/c
        assertThat(told.took()).last().isNotEqualTo(0L);
    }

    @Test
    void requestsDescribeUsersWhoAreUnknown() throws Exception {
        RawClient.Answer answer = scene.post(
                """
                {"user": "new", "features": {"city": "x", "age": 30, "tastes": ["a", "b"], "picture": [0.5, 1]},
                 "history": ["b"], "context": {"hour": 7}}""");

        assertThat(answer.text("/coldStart")).isEqualTo("false");
        assertThat(found(answer)).containsExactly("a", "movie/c"); // b is in the history
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "filter.category=shoes | a movie/c",
                "filter.category=shoes,boots&filter.tags=red | movie/c",
                "filter.price.min=15&filter.price.max=20 | b",
                "filter.price=10&k=1 | a",
                "filter.tags=none | ''",
                "exclude=a,b | movie/c",
            })
    void itemsAreFilteredByTheirAttributes(String query, String items) throws Exception {
        assertThat(String.join(" ", found(scene.get("/v1/recall?user=u2&" + query))))
                .isEqualTo(items);
    }

    /** Scores of an unknown user are a 1, b .8, c .6; the fake's temperature is .5. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "boost.category.boots=1 | b a movie/c", // b .8 + .5
                "boost.tags.red=1&boost.category.shoes=-1 | b movie/c a", // b .8, c .6 + .5 − .5, a 1 − .5
                "boost.price.30=1.5 | movie/c a b", // c .6 + .75
                "at-most.category=1 | a b",
                "at-most.tags=1 | a b", // both others are new
                "pin=movie/c@1,gone@2 | movie/c a b",
                "pin=movie/c@2&filter.price.max=20 | a b",
                "pin=b@1&at-most.category=1&exclude=a | b movie/c",
                "k=1&pin=movie/c@1 | movie/c",
                "filter.category=hats&boost.category.boots=1&at-most.category=1&diversity=0.5&pin=a@1 | ''",
                "diversity=0.2 | a movie/c b", // b .2 · .8 − .8 · .8, c .2 · .6 − .8 · .6
                "diversity=1 | a b movie/c",
            })
    void itemsAreArrangedAsTheQuestionSays(String query, String items) throws Exception {
        assertThat(String.join(" ", found(scene.get("/v1/recall?user=u2&" + query))))
                .isEqualTo(items);
    }

    @Test
    void aPostedQuestionArrangesTooAndExplainsIt() throws Exception {
        RawClient.Answer answer = scene.post(
                """
                {"user": "u2", "explain": true, "boost": {"category": {"boots": 1}}, "atMost": {"category": 1},
                 "pin": {"movie/c": 1}, "diversity": 0.5}""");

        // c is pinned and takes the place of shoes; cos(b, c) = .48 + .48
        assertThat(found(answer)).containsExactly("movie/c", "b");
        assertThat(answer.text("/items/0/placed/pin")).isEqualTo("1");
        assertThat(answer.text("/items/1/placed/quota/category")).isEqualTo("1");
        assertThat(answer.number("/items/1/placed/diversity")).isCloseTo(0.96, within(1e-6));
        assertThat(answer.number("/items/1/parts/boost")).isEqualTo(0.5);
        assertThat(answer.number("/items/1/score")).isCloseTo(1.3, within(1e-6));
        assertThat(scene.get("/v1/recall?user=u2&explain=true")
                        .json()
                        .at("/items/0")
                        .has("placed"))
                .isFalse();
    }

    @Test
    void exploredAnswersAreDrawnAnewAndHavePropensities() throws Exception {
        try (RecallServer exploring = scene.exploring(0.2, 10)) {
            Set<String> ids = new HashSet<>();
            Set<List<String>> orders = new HashSet<>();
            for (int at = 0; at < 60; at++) { // b comes first in 27 %, so nearly never in none
                RawClient.Answer answer =
                        RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&k=2&pin=movie/c@2", "");
                String first = answer.text("/items/0/item");

                ids.add(answer.text("/answerId"));
                orders.add(found(answer));
                // of a 1 and b .8 without the pinned c
                assertThat(answer.number("/items/0/propensity"))
                        .isCloseTo(1 / (1 + Math.exp(first.equals("a") ? -1 : 1)), within(1e-6));
                assertThat(answer.number("/items/1/propensity")).isEqualTo(1);
            }
            RawClient.Answer explained = RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&k=1&explain=true", "");
            RawClient.Answer page = RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&k=2&page=first", "");
            RawClient.Answer next =
                    RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&k=2&page=" + page.text("/next"), "");
            RawClient.Answer off = RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&explore=0", "");

            assertThat(ids).hasSize(60);
            assertThat(orders).containsExactlyInAnyOrder(List.of("a", "movie/c"), List.of("b", "movie/c"));
            assertThat(explained.number("/items/0/propensity")).isBetween(0.05, 0.7);
            assertThat(explained.json().at("/items/0").has("parts")).isTrue();
            assertThat(found(next)).hasSize(1).doesNotContainAnyElementsOf(found(page));
            assertThat(next.number("/items/0/propensity")).isEqualTo(1); // of what was left
            assertThat(off.body()).isEqualTo(scene.get("/v1/recall?user=u2").body());
            assertThat(off.body()).doesNotContain("propensity", "answerId");
        }
    }

    @Test
    void slotsAreOfItemsWithFewClicks() throws Exception {
        PublishedPopularity nineClicks = new PublishedPopularity(Math.log(10), PublishedPopularity.ENDLESS, false);
        scene.state()
                .embedding(
                        new ItemEmbedding("new", Optional.of(new float[] {-1, 0}), "g1", 7, 40, 0, nineClicks), 0, 0);
        try (RecallServer exploring = scene.exploring(new ServeSettings.Exploring(0.01, 10, 4))) {
            String two = "GET /v1/recall?user=u2&k=2";

            RawClient.Answer answer = RawClient.ask(exploring.port(), two, "");
            RawClient.Answer none = RawClient.ask(exploring.port(), two + "&explore.slots=0", "");
            RawClient.Answer all = RawClient.ask(
                    exploring.port(), "POST /v1/recall", "{\"user\": \"u2\", \"k\": 2, \"exploreSlots\": 2}");
            RawClient.Answer one = RawClient.ask(exploring.port(), "GET /v1/recall?user=u2&k=1", "");

            assertThat(found(answer)).containsExactly("a", "new"); // at most every second place, unless asked for
            assertThat(answer.number("/items/1/propensity")).isEqualTo(1);
            assertThat(found(none)).containsExactly("a", "b");
            assertThat(found(all)).containsExactly("new", "a"); // no other has few
            assertThat(found(one)).containsExactly("a");
        }
    }

    @Test
    void pagesFollowEachOtherUntilNothingIsLeft() throws Exception {
        RawClient.Answer first = scene.get("/v1/recall?user=u2&k=2&pin=movie/c@1&page=first");
        RawClient.Answer second = scene.get("/v1/recall?user=u2&k=2&pin=movie/c@1&page=" + first.text("/next"));
        RawClient.Answer posted = scene.post("{\"user\": \"u2\", \"k\": 1, \"page\": \"" + first.text("/next") + "\"}");

        assertThat(found(first)).containsExactly("movie/c", "a");
        assertThat(found(second)).containsExactly("b");
        assertThat(second.json().has("next")).isFalse();
        assertThat(found(posted)).containsExactly("b");
        assertThat(posted.json().has("next")).isTrue(); // as many as were wanted: more may be left
        assertThat(scene.get("/v1/recall?user=u2").json().has("next")).isFalse();
        scene.get("/v1/recall?user=u1&page=" + first.text("/next")).problem(400); // is of another user
    }

    @Test
    void laterPagesAreNotCountedAsAnswersOfAnArm() throws Exception {
        Experiment.Plan plan =
                new Experiment.Plan("click", 0.02, 0.05, List.of(1.0), Duration.ofHours(1), Duration.ofMinutes(9));
        Experiment experiment = Experiment.started("trial", "g1", "g2", "salt", plan, 1);
        scene.state().engine().follow(Optional.of(experiment));
        scene.answers().follow(Optional.of(experiment));

        RawClient.Answer first = scene.get("/v1/recall?user=u1&k=2&page=first");
        scene.get("/v1/recall?user=u1&k=2&page=" + first.text("/next"));

        assertThat(scene.answers().take(0).control().answers()).isEqualTo(1);
    }

    @Test
    void aPostedQuestionFiltersToo() throws Exception {
        String filter = "{\"category\": [\"shoes\"], \"price\": {\"min\": 11}}";

        assertThat(found(scene.post("{\"user\": \"u2\", \"filter\": " + filter + "}")))
                .containsExactly("movie/c");
    }

    @Test
    void deletedItemsAndUsersAreGone() throws Exception {
        scene.state().embedding(new ItemEmbedding("b", Optional.empty(), "g1", 0, 0, 0), NOW, 0);
        scene.state().userRemoved("u1");

        RawClient.Answer answer = scene.get("/v1/recall?user=u1");
        assertThat(found(answer)).containsExactly("a", "movie/c");
        assertThat(answer.text("/coldStart")).isEqualTo("true");
        scene.get("/v1/similar?item=b").problem(404);
    }
}
