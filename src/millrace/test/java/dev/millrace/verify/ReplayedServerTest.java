package dev.millrace.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.FakeFeed;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Arrangement.Boost;
import dev.millrace.index.Draw;
import dev.millrace.index.Draw.Candidate;
import dev.millrace.index.Draw.Newcomer;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.FakeEncoder;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Item;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.verify.AnswerReport.Outcome;
import dev.millrace.verify.ReplayedServer.Comparison;
import dev.millrace.verify.ReplayedServer.Whole;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Answers of a small server, compared with one that was made again from the same vectors, or not quite. */
class ReplayedServerTest {

    private static final Whole WHOLE = new Whole(true, true, true);
    private static final Whole CUT = new Whole(false, false, false);
    private static final long T0 = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final ItemEmbedding A = vector("a", T0, 1, 0);
    private static final ItemEmbedding B = vector("b", T0 + MINUTE, 0.8f, 0.6f);
    private static final ItemEmbedding C = vector("c", T0 + 2 * MINUTE, 0.6f, 0.8f);
    private static final UserFeatures ANN = new UserFeatures("ann", 1, Features.NONE, List.of("x"));

    @Test
    void theSameVectorsGiveTheSameAnswer() {
        Comparison compared = replayed(A, B, C).compare(answer(), Optional.of(ANN), CUT);

        assertThat(compared).isEqualTo(new Comparison(Outcome.EQUAL, Optional.empty()));
    }

    @Test
    void aScoreThatDiffersInItsLastBitIsNamed() {
        LoggedAnswer good = answer();
        List<Item> items = new ArrayList<>(good.items());
        Item first = items.get(0);
        items.set(0, new Item(first.item(), Math.nextDown(first.score()), first.parts(), first.placed()));

        Comparison compared = replayed(A, B, C).compare(with(good, good.query(), items), Optional.of(ANN), CUT);

        assertThat(compared.outcome()).isEqualTo(Outcome.DIFFERENT);
        assertThat(compared.difference().orElseThrow())
                .startsWith("item 1 is " + first.item() + " with " + Math.nextDown(first.score()))
                .contains(", replayed " + first.item() + " with " + first.score());
    }

    @Test
    void arrangementIsMadeAgainAndAnotherIsNamed() {
        LoggedAnswer good = answer(arranged(new Arrangement(
                List.of(new Boost("colour", "red", 2)), Map.of("colour", 1), OptionalDouble.of(0.5), Map.of("c", 1))));
        RecallRequest other = arranged(new Arrangement(
                List.of(new Boost("colour", "red", 1)), Map.of("colour", 1), OptionalDouble.of(0.5), Map.of("c", 1)));
        LoggedAnswer forged =
                with(good, new LoggedAnswer.Question(other, Set.of()), good.query(), good.items(), good.draw());

        // all are red: the pinned one takes the only place
        assertThat(good.items()).extracting(Item::item).containsExactly("c");
        assertThat(good.items().get(0).placed()).isEqualTo(new Placed(1, Map.of("colour", 1), 0));
        assertThat(good.items().get(0).parts().boost()).isEqualTo(1); // τ is .5
        assertThat(replayed(A, B, C).compare(good, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.EQUAL);
        assertThat(replayed(A, B, C).compare(forged, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void explorationIsMadeAgainAndAnotherCandidateIsNamed() {
        LoggedAnswer good = answer(exploring("00112233445566778899aabbccddeeff"));
        Draw draw = good.draw().orElseThrow();
        List<Candidate> candidates = new ArrayList<>(draw.candidates());
        Candidate last = candidates.get(2);
        candidates.set(2, new Candidate(last.item(), Math.nextUp(last.score()), last.values()));
        LoggedAnswer other = with(
                good,
                good.question(),
                good.query(),
                good.items(),
                Optional.of(
                        new Draw(draw.answerId(), candidates, draw.newcomers(), draw.items(), draw.propensities())));

        assertThat(replayed(A, B, C).compare(good, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.EQUAL);
        assertThat(replayed(A, B, C).compare(other, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.COMPACTED); // neighbours may have been
        assertThat(replayed(A, B, C)
                        .compare(other, Optional.of(ANN), WHOLE)
                        .difference()
                        .orElseThrow())
                .startsWith("candidate 3 is " + last.item() + " with " + Math.nextUp(last.score()))
                .contains(", replayed " + last.item() + " with " + last.score());
    }

    @Test
    void drawIsProvedFromItsRecordAlone() {
        LoggedAnswer good = answer(exploring("00112233445566778899aabbccddeeff"));
        Draw draw = good.draw().orElseThrow();
        List<Double> propensities = new ArrayList<>(draw.propensities());
        propensities.set(0, Math.nextUp(propensities.get(0)));
        List<ScoredItem> turned = new ArrayList<>(draw.items());
        Collections.reverse(turned);
        List<Newcomer> newcomers = draw.newcomers();
        RecallRequest ofAnotherSeed = exploring("00112233445566778899aabbccddeefe");

        assertThat(good.drawnAgain()).isEqualTo(good.draw());
        assertThat(answer().drawnAgain()).isEmpty();
        for (LoggedAnswer forged : List.of(
                drawn(good, new Draw("00", draw.candidates(), newcomers, draw.items(), draw.propensities())),
                drawn(good, new Draw(draw.answerId(), draw.candidates(), newcomers, draw.items(), propensities)),
                drawn(good, new Draw(draw.answerId(), draw.candidates(), newcomers, turned, draw.propensities())),
                drawn(
                        good,
                        new Draw(
                                draw.answerId(),
                                draw.candidates().subList(0, 2),
                                newcomers,
                                draw.items(),
                                draw.propensities())),
                withNewcomers(good, clickedOnceMore(newcomers)),
                withNewcomers(good, List.of()),
                with(good, new LoggedAnswer.Question(ofAnotherSeed, Set.of()), good.query(), good.items(), good.draw()),
                with(good, good.question(), good.query(), good.items(), Optional.empty()),
                drawn(answer(), draw))) {
            assertThat(forged.drawnAgain()).isNotEqualTo(forged.draw());
        }
    }

    @Test
    void newcomersAreFoundAgainAndOtherClicksAreNamed() {
        LoggedAnswer good = answer(exploring("00112233445566778899aabbccddeeff"));
        List<Newcomer> newcomers = good.draw().orElseThrow().newcomers();
        LoggedAnswer other = withNewcomers(good, clickedOnceMore(newcomers));

        assertThat(newcomers).extracting(Newcomer::clicks).containsExactly(0, 2, 4);
        assertThat(replayed(A, B, C).compare(good, Optional.of(ANN), WHOLE).outcome())
                .isEqualTo(Outcome.EQUAL);
        assertThat(replayed(A, B, C)
                        .compare(other, Optional.of(ANN), WHOLE)
                        .difference()
                        .orElseThrow())
                .startsWith("newcomer 3 is c with ")
                .contains(", 5 clicks, replayed c with ")
                .endsWith(", 4 clicks");
    }

    private static List<Newcomer> clickedOnceMore(List<Newcomer> newcomers) {
        List<Newcomer> more = new ArrayList<>(newcomers);
        Newcomer last = more.remove(more.size() - 1);
        more.add(new Newcomer(last.candidate(), last.clicks() + 1));
        return more;
    }

    private static LoggedAnswer withNewcomers(LoggedAnswer answer, List<Newcomer> newcomers) {
        Draw draw = answer.draw().orElseThrow();
        return drawn(
                answer, new Draw(draw.answerId(), draw.candidates(), newcomers, draw.items(), draw.propensities()));
    }

    private static LoggedAnswer drawn(LoggedAnswer answer, Draw draw) {
        return with(answer, answer.question(), answer.query(), answer.items(), Optional.of(draw));
    }

    private static RecallRequest exploring(String seed) {
        return arranged(new Arrangement(
                List.of(),
                Map.of("colour", 2),
                OptionalDouble.empty(),
                Map.of(),
                Optional.of(new Exploration(0.5, 100, 2, seed))));
    }

    @Test
    void hiddenItemsAreLeftOutAgain() {
        UserFeatures hiding = new UserFeatures(
                "ann", 1, Features.of(Map.of(UserFeatures.HIDDEN, new FeatureValue.Bag(List.of("b")))), List.of("x"));
        LoggedAnswer forgetful = answer();
        LoggedAnswer good = answer(RecallRequest.unseen("sha256:00", 3), hiding);

        assertThat(good.items()).extracting(Item::item).containsExactlyInAnyOrder("a", "c");
        assertThat(replayed(A, B, C).compare(good, Optional.of(hiding), CUT).outcome())
                .isEqualTo(Outcome.EQUAL);
        assertThat(replayed(A, B, C)
                        .compare(forgetful, Optional.of(hiding), CUT)
                        .outcome())
                .isEqualTo(Outcome.DIFFERENT);
        assertThat(LoggedAnswer.Asker.hash(hiding)).isNotEqualTo(LoggedAnswer.Asker.hash(ANN));
    }

    @Test
    void aVectorThatDiffersIsADifference() {
        ItemEmbedding other = vector("b", T0 + MINUTE, Math.nextUp(0.8f), 0.6f);

        assertThat(replayed(A, other, C)
                        .compare(answer(), Optional.of(ANN), CUT)
                        .outcome())
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void anItemTooManyIsADifference() {
        assertThat(replayed(A, B).compare(answer(), Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.COMPACTED);
        assertThat(replayed(A, B).compare(answer(), Optional.of(ANN), WHOLE).difference())
                .contains("the index had 3 items, the log gives 2");
        assertThat(replayed(A, B, C, vector("d", T0, 0, 1))
                        .compare(answer(), Optional.of(ANN), CUT)
                        .outcome())
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void anotherQueryDiffersUnlessRowsWereCompacted() {
        LoggedAnswer good = answer();
        LoggedAnswer other = with(good, new float[] {1, Float.MIN_VALUE}, good.items());

        assertThat(replayed(A, B, C)
                        .compare(other, Optional.of(ANN), WHOLE)
                        .difference()
                        .orElseThrow())
                .startsWith("component 1 of the user's vector is 1.4E-45 (00000001), replayed 0.0 (00000000)");
        assertThat(replayed(A, B, C).compare(other, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.COMPACTED);
    }

    @Test
    void ofAnUnknownUserTheLoggedQueryIsSearchedWith() {
        LoggedAnswer good = answer();
        LoggedAnswer other = with(good, new float[] {0, 1}, good.items()); // nobody is encoded so

        assertThat(replayed(A, B, C).compare(good, Optional.empty(), CUT).outcome())
                .isEqualTo(Outcome.EQUAL);
        assertThat(replayed(A, B, C).compare(other, Optional.empty(), CUT).outcome())
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void theLoggedQueryAloneHasTheRequestsContext() {
        LoggedAnswer good = answer();
        LoggedAnswer other = new LoggedAnswer(
                good.origin(),
                good.asker(),
                new LoggedAnswer.Question(good.question().request(), Set.of(Unlogged.CONTEXT)),
                good.standing(),
                new float[] {0, 1}, // by features that nobody knows
                good.items(),
                good.draw());

        Comparison compared = replayed(A, B, C).compare(other, Optional.of(ANN), CUT);

        assertThat(compared.difference().orElseThrow()).startsWith("item 1 is ");
    }

    @Test
    void aUserTowerOfAnotherWidthIsADifference() {
        LoggedAnswer good = answer();

        assertThat(replayed(A, B, C)
                        .compare(with(good, new float[0], good.items()), Optional.of(ANN), WHOLE)
                        .difference())
                .contains("the user's vector has 0 components, replayed more");
    }

    @Test
    void compactedNeighboursAreNoDifference() {
        LoggedAnswer good = answer();
        List<Item> items = new ArrayList<>(good.items());
        ScoreParts parts = items.get(0).parts();
        ScoreParts near = new ScoreParts(parts.cosine(), parts.popularity(), parts.age(), parts.neighbours() + 1, 0);
        items.set(0, new Item(items.get(0).item(), items.get(0).score() + 1, near, Placed.BY_SCORE));
        LoggedAnswer other = with(good, good.query(), items);

        assertThat(replayed(A, B, C).compare(other, Optional.of(ANN), CUT).outcome())
                .isEqualTo(Outcome.COMPACTED);
        assertThat(replayed(A, B, C).compare(other, Optional.of(ANN), WHOLE).outcome())
                .isEqualTo(Outcome.DIFFERENT);
    }

    @Test
    void popularityIsAsOfTheServersMoment() {
        // the index moves by .02 hours or more: the server from A to C, as B is one minute after A; here from nothing
        // to B, and C is one minute after B
        ReplayedServer server = replayed(B, A, C);

        assertThat(server.compare(answer(), Optional.of(ANN), CUT).outcome()).isEqualTo(Outcome.EQUAL);
    }

    @Test
    void beforeARefreshThereIsNoUserTower() {
        ReplayedServer server = new ReplayedServer("g1", feed());
        server.take(new ModelUpdate("g1", 1, new byte[] {1}, Optional.of(new byte[] {1})));
        List.of(A, B, C).forEach(each -> server.take(each, T0));

        assertThat(server.compare(answer(), Optional.of(ANN), WHOLE).difference())
                .contains("the log does not give the user tower");
    }

    @Test
    void anItemThatLeftIsGone() {
        ReplayedServer server = replayed(vector("d", T0, 0, 1), A, B, C);
        server.take(new ItemEmbedding("d", Optional.empty(), "g1", 2, T0, 0), T0);

        assertThat(server.compare(answer(), Optional.of(ANN), WHOLE).outcome()).isEqualTo(Outcome.EQUAL);
    }

    @Test
    void networksOfAnotherGenerationAreNoUserTower() {
        ReplayedServer server = new ReplayedServer("g1", feed());
        server.take(new ModelUpdate("g2", 1, new byte[] {1}, Optional.of(new byte[] {1})));
        server.refresh();
        List.of(A, B, C).forEach(each -> server.take(each, T0));

        assertThat(server.compare(answer(), Optional.of(ANN), WHOLE).difference())
                .contains("the log does not give the user tower");
    }

    private static ReplayedServer replayed(ItemEmbedding... vectors) {
        ReplayedServer server = new ReplayedServer("g1", feed());
        server.take(new ModelUpdate("g1", 1, new byte[] {1}, Optional.of(new byte[] {1})));
        server.refresh();
        List.of(vectors).forEach(each -> server.take(each, T0));
        server.take(new ItemEmbedding("e", Optional.of(new float[] {1, 0}), "g2", 1, T0, 0), T0);
        return server;
    }

    private static RecallRequest arranged(Arrangement arrangement) {
        RecallRequest plain = RecallRequest.unseen("sha256:00", 3);
        return new RecallRequest(
                plain.user(),
                plain.k(),
                true,
                Set.of(),
                plain.filter(),
                Features.NONE,
                plain.weights(),
                Optional.empty(),
                Optional.empty(),
                0,
                arrangement);
    }

    /** What a server that has read A, B and C answers. */
    private static LoggedAnswer answer() {
        return answer(RecallRequest.unseen("sha256:00", 3));
    }

    private static LoggedAnswer answer(RecallRequest request) {
        return answer(request, ANN);
    }

    private static LoggedAnswer answer(RecallRequest request, UserFeatures user) {
        ItemIndex index = new ItemIndex(2);
        List.of(A, B, C).forEach(each -> index.upsert(each, T0));
        return new RecallEngine(nobody -> Optional.empty())
                .recall(
                        request.about(user),
                        new ServedGeneration("g1", index, encoder().ready(true)),
                        true)
                .when(
                        found -> new LoggedAnswer(
                                new LoggedAnswer.Origin("here", T0, "g1", Optional.empty()),
                                new LoggedAnswer.Asker("sha256:00", Optional.empty()),
                                new LoggedAnswer.Question(request, Set.of()),
                                new LoggedAnswer.Standing(new TreeMap<>(), false, index.asOf()),
                                found.query(),
                                IntStream.range(0, found.items().size())
                                        .mapToObj(at -> Item.of(found, at))
                                        .toList(),
                                found.draw()),
                        refusal -> {
                            throw new AssertionError(refusal);
                        });
    }

    private static LoggedAnswer with(LoggedAnswer answer, float[] query, List<Item> items) {
        return with(answer, answer.question(), query, items, answer.draw());
    }

    private static LoggedAnswer with(
            LoggedAnswer answer, LoggedAnswer.Question question, float[] query, List<Item> items, Optional<Draw> draw) {
        return new LoggedAnswer(answer.origin(), answer.asker(), question, answer.standing(), query, items, draw);
    }

    private static FakeFeed feed() {
        return new FakeFeed(generation -> encoder());
    }

    private static FakeEncoder encoder() {
        return new FakeEncoder(Map.of(), List.of(), PriorWeights.ofPopularity(0.25), (weights, out) -> out[0] = 1);
    }

    private static ItemEmbedding vector(String item, long time, float... vector) {
        int clicks = 2 * (item.charAt(0) - 'a');

        return new ItemEmbedding(
                item,
                Optional.of(vector),
                "g1",
                1,
                time,
                0,
                new PublishedPopularity(
                        List.of(1.5f, (float) Math.log1p(clicks)),
                        List.of(60 * MINUTE, PublishedPopularity.ENDLESS),
                        false),
                T0,
                Features.of(Map.of("colour", new FeatureValue.Category("red"))));
    }
}
