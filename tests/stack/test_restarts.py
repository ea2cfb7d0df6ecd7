"""When a crashed process is started again."""

from mandegar.stack.restarts import RestartPolicy


def test_delays_double_up_to_a_longest_one() -> None:
    policy = RestartPolicy(first_seconds=1, longest_seconds=5, crashes_max=10)
    assert [policy.crashed(float(second)) for second in range(5)] == [1, 2, 4, 5, 5]


def test_too_many_crashes_in_a_short_while_end_the_attempts() -> None:
    policy = RestartPolicy(crashes_max=3)
    assert [policy.crashed(0.0) is None for _ in range(4)] == [False, False, False, True]


def test_old_crashes_are_forgotten() -> None:
    policy = RestartPolicy(first_seconds=1, crashes_max=1, window_seconds=60)
    assert policy.crashed(0) == 1
    assert policy.crashed(61) == 1
    assert policy.crashed(62) is None
