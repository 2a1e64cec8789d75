package dev.millrace.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.diagnosis.Finding.Grade;
import dev.millrace.topic.authoriser.AccessRule;
import dev.millrace.topic.authoriser.AccessRule.Kind;
import dev.millrace.topic.authoriser.AccessRule.Operation;
import dev.millrace.topic.authoriser.AccessRule.Resource;
import dev.millrace.topic.authoriser.AccessRule.Right;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A principal that reads clicks, and makes and writes topics of its application. */
class PrincipalFindingsTest {

    private static final String NAME = "User:trainer";
    private static final String SERVERS = " --bootstrap-server kafka:9092";
    private static final String CALL = "kafka-acls.sh" + SERVERS;
    private static final String EXACTLY = "millrace topics acls" + SERVERS + " --principal 'User:trainer' train";

    private final Set<Right> needed = new LinkedHashSet<>(
            List.of(right("READ", "clicks"), right("CREATE", "millrace-…"), right("WRITE", "millrace-…")));
    private final List<AccessRule> rules = new ArrayList<>();

    @Test
    void whoHasExactlyWhatItNeedsIsOk() {
        allowWhatIsNeeded();

        assertThat(findings())
                .containsExactly(Finding.ok("principals", NAME + " has the rights of train, and no others"));
    }

    @Test
    void whatIsMissingIsNamedWithTheCallThatGivesIt() {
        allow("READ", "clicks");

        assertThat(wrong().grade()).isEqualTo(Grade.FAIL);
        assertThat(wrong().what())
                .isEqualTo(NAME + " lacks CREATE, WRITE on topics with prefix millrace-, needed for train");
        assertThat(wrong().command())
                .isEqualTo(CALL + " --add --allow-principal 'User:trainer'"
                        + " --resource-pattern-type prefixed --topic millrace- --operation Create --operation Write");
    }

    @Test
    void whoHasNothingIsSentToTheListOfAll() {
        rules.add(rule(false, "User:another", "*", right("READ", "clicks")));

        assertThat(wrong().what()).isEqualTo(NAME + " has none of the rights of train");
        assertThat(wrong().command()).isEqualTo(EXACTLY + " prints the calls that give them");
    }

    /** A prefix is there by one rule for all of it. Whatever gives more than is needed is beyond. */
    @ParameterizedTest
    @CsvSource({
        "READ, clicks, false, false",
        "READ, *, false, true",
        "READ, click…, false, true",
        "READ, clicks…, false, true",
        "READ, *…, true, true", // names that begin with a star
        "ALL, clicks, false, true",
        "ALL, *, false, true",
        "WRITE, clicks, true, true",
        "DESCRIBE, clicks, true, false",
        "READ, click, true, true",
        "READ, clicks-too…, true, true"
    })
    void aRuleGivesANameThatItIsFor(String operation, String name, boolean isLacking, boolean isBeyond) {
        allowWhatIsNeeded();
        rules.remove(0);
        allow(operation, name);

        assertThat(what(Grade.FAIL))
                .hasSize(isLacking ? 1 : 0)
                .allMatch(what -> what.contains("lacks READ on topic clicks"));
        assertThat(what(Grade.WARN))
                .hasSize(isBeyond ? 1 : 0)
                .allMatch(what -> what.contains("beyond least privilege"));
    }

    @ParameterizedTest
    @CsvSource({
        "WRITE, millrace-…, false",
        "WRITE, mill…, false",
        "WRITE, *, false",
        "WRITE, millrace-learn…, true",
        "WRITE, millrace-, true"
    })
    void aPrefixIsGivenByOneRuleForAllOfIt(String operation, String name, boolean isLacking) {
        allowWhatIsNeeded();
        rules.remove(2);
        allow(operation, name);

        assertThat(what(Grade.FAIL))
                .hasSize(isLacking ? 1 : 0)
                .allMatch(what -> what.contains("lacks WRITE on topics with prefix millrace-"));
    }

    /** READ and WRITE begin with DESCRIBE; a denial of READ leaves WRITE. */
    @ParameterizedTest
    @CsvSource({
        "READ, clicks, READ on topic clicks",
        "READ, *, READ on topic clicks",
        "READ, cl…, READ on topic clicks",
        "DESCRIBE, clicks, READ on topic clicks",
        "ALL, *, 'READ on topic clicks; CREATE, WRITE on topics with prefix millrace-'",
        "WRITE, millrace-learn…, WRITE on topics with prefix millrace-",
        "WRITE, millrace-learn-weights, WRITE on topics with prefix millrace-",
        "WRITE, clicks, ''",
        "READ, click, ''",
        "READ, clicks-too…, ''"
    })
    void aDenialWinsOverWhatIsAllowed(String operation, String name, String denied) {
        allowWhatIsNeeded();
        rules.add(rule(true, AccessRule.EVERYBODY, "*", right(operation, name)));

        assertThat(what(Grade.WARN)).isEmpty();
        assertThat(what(Grade.FAIL))
                .hasSize(denied.isEmpty() ? 0 : 1)
                .allMatch(what -> what.startsWith(NAME + " is denied " + denied
                        + ", needed for train, by a rule for User:*: " + operation + " on "));
    }

    @Test
    void aDenialIsMendedByItsRemoval() {
        allowWhatIsNeeded();
        rules.add(rule(true, AccessRule.EVERYBODY, "*", right("READ", "*")));

        assertThat(wrong().command())
                .isEqualTo("if nobody else needs that rule, " + CALL
                        + " --remove --deny-principal 'User:*' --topic '*' --operation Read");
    }

    @Test
    void whatIsAllowedAndDeniedIsNotBeyond() {
        allowWhatIsNeeded();
        allow("DELETE", "clicks");
        rules.add(rule(true, NAME, "*", right("DELETE", "cl…")));

        assertThat(findings()).extracting(Finding::grade).containsExactly(Grade.OK);
    }

    @Test
    void whatIsBeyondIsNamedWithTheCallThatTakesIt() {
        allowWhatIsNeeded();
        allow("DELETE", "clicks");
        allow("ALTER", "clicks");

        assertThat(wrong().grade()).isEqualTo(Grade.WARN);
        assertThat(wrong().what())
                .isEqualTo(NAME
                        + " may DELETE, ALTER on topic clicks, beyond least privilege: more than needed for train");
        assertThat(wrong().command())
                .isEqualTo(CALL + " --remove --allow-principal 'User:trainer' --topic clicks"
                        + " --operation Delete --operation Alter");
    }

    /** Whoever writes a rule chooses its name; an operator copies the call into a shell. */
    @Test
    void aNameOfARuleIsOneWordOfTheCall() {
        allowWhatIsNeeded();
        rules.add(rule(false, NAME, "*", new Right(new Resource(Kind.GROUP, "a'; reboot", false), Operation.READ)));

        assertThat(wrong().command())
                .isEqualTo(
                        CALL + " --remove --allow-principal 'User:trainer' --group 'a'\\''; reboot' --operation Read");
    }

    @Test
    void aRuleThatGivesWhatIsNeededTooIsReplacedBeforeItIsTaken() {
        allowWhatIsNeeded();
        rules.set(0, rule(false, AccessRule.EVERYBODY, "*", right("READ", "*")));

        assertThat(wrong().what())
                .isEqualTo(
                        NAME
                                + " may READ on every topic by a rule for User:*, beyond least privilege: more than needed for train");
        assertThat(wrong().command())
                .isEqualTo(EXACTLY + ", run the calls that it prints, then if nobody else needs that rule, " + CALL
                        + " --remove --allow-principal 'User:*' --topic '*' --operation Read");
    }

    @Test
    void whoMayCreateOnTheClusterMayCreateItsTopics() {
        allow("READ", "clicks");
        allow("WRITE", "millrace-…");
        rules.add(rule(
                false, NAME, "*", new Right(new Resource(Kind.CLUSTER, "kafka-cluster", false), Operation.CREATE)));
        rules.add(rule(true, NAME, "*", right("CREATE", "*"))); // nobody asks for it

        assertThat(wrong().grade()).isEqualTo(Grade.WARN);
        assertThat(wrong().what()).startsWith(NAME + " may CREATE on the cluster, beyond least privilege");
        assertThat(wrong().command()).startsWith(EXACTLY + ", run the calls");
    }

    /** Two of the three rights are there on 10.0.0.1 alone, one is denied there, and one is everywhere. */
    @Test
    void aPrincipalIsTakenToBeOnTheHostWhereItLacksLeast() {
        allow("CREATE", "millrace-…");
        rules.add(rule(false, NAME, "10.0.0.1", right("READ", "clicks")));
        rules.add(rule(false, NAME, "10.0.0.1", right("WRITE", "millrace-…")));
        rules.add(rule(true, NAME, "10.0.0.1", right("CREATE", "*")));
        rules.add(rule(true, NAME, "10.0.0.2", right("READ", "*")));

        assertThat(wrong().what())
                .isEqualTo(NAME + ", from host 10.0.0.1, is denied CREATE on topics with prefix millrace-,"
                        + " needed for train, by a rule for User:trainer: CREATE on every topic");
        assertThat(wrong().command())
                .isEqualTo(
                        CALL
                                + " --remove --deny-principal 'User:trainer' --deny-host '10.0.0.1' --topic '*' --operation Create");
    }

    private void allowWhatIsNeeded() {
        needed.forEach(right -> rules.add(rule(false, NAME, "*", right)));
    }

    private void allow(String operation, String name) {
        rules.add(rule(false, NAME, "*", right(operation, name)));
    }

    private List<Finding> findings() {
        return new PrincipalFindings(new Facts.Principal(NAME, List.of("train"), needed), rules, SERVERS).all();
    }

    private Stream<String> what(Grade grade) {
        return findings().stream().filter(finding -> finding.grade() == grade).map(Finding::what);
    }

    private Finding wrong() {
        assertThat(findings()).singleElement().satisfies(finding -> assertThat(finding.grade())
                .isNotEqualTo(Grade.OK));
        return findings().get(0);
    }

    private static AccessRule rule(boolean isDenial, String principal, String host, Right right) {
        return new AccessRule(isDenial, principal, host, right);
    }

    /** @param name of a topic, or a prefix and an ellipsis */
    private static Right right(String operation, String name) {
        return new Right(
                new Resource(Kind.TOPIC, name.replace("…", ""), name.endsWith("…")), Operation.valueOf(operation));
    }
}
