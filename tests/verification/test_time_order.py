from cases.verification.time_order import verify


def test_bdf2_with_variable_steps_is_of_second_order():
    found = verify.errors((24, 48, 96), 768)
    for errors in found.values():
        assert verify.orders(errors).min() > 1.9
