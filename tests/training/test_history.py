from ravine.training.history import History


def test_an_epoch_is_appended_to_every_key_it_has():
    history = History(params={"epochs": 3})
    history.append(2, {"loss": 1.0})
    history.append(3, {"loss": 0.5, "val_loss": 0.7})
    assert history.epoch == [2, 3]
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [0.7]}
    assert history.epochs_of("loss") == [2, 3]
    assert history.epochs_of("val_loss") == [3]
    assert history.names == ["loss"]


def test_records_do_not_share_their_lists():
    first, second = History(), History()
    first.append(0, {"loss": 1.0})
    assert (second.epoch, second.history) == ([], {})
