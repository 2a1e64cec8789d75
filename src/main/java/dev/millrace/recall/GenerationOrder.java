package dev.millrace.recall;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The order of generations' names, oldest first: runs of digits by their number, all else by character.
 *
 * <p>So {@code g2} comes before {@code g10}. Which of two is newer must not depend on which arrives first: the partitions of a
 * topic are read side by side.
 */
final class GenerationOrder implements Comparator<String> {

    private static final Pattern PART = Pattern.compile("[0-9]+|[^0-9]+");

    @Override
    public int compare(String left, String right) {
        Matcher lefts = PART.matcher(left);
        Matcher rights = PART.matcher(right);
        while (true) {
            boolean isLeft = lefts.find();
            boolean isRight = rights.find();
            if (!isLeft || !isRight) {
                return isLeft ? 1 : isRight ? -1 : left.compareTo(right);
            }
            int order = comparePart(lefts.group(), rights.group());
            if (order != 0) {
                return order;
            }
        }
    }

    private static int comparePart(String left, String right) {
        boolean areNumbers = isDigit(left.charAt(0)) && isDigit(right.charAt(0));
        return areNumbers ? new BigInteger(left).compareTo(new BigInteger(right)) : left.compareTo(right);
    }

    private static boolean isDigit(char unit) {
        return unit >= '0' && unit <= '9';
    }
}
